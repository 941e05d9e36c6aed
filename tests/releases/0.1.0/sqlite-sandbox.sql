BEGIN TRANSACTION;
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, invoice_id TEXT NOT NULL, url TEXT NOT NULL,
  app_key TEXT, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
  created_at TEXT NOT NULL, due_at TEXT, sent_at TEXT, status_code INTEGER,
  answer TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '');
CREATE TABLE payments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, invoice_id TEXT NOT NULL UNIQUE,
  token TEXT NOT NULL UNIQUE, app_key TEXT NOT NULL, amount TEXT NOT NULL,
  customer_reference TEXT NOT NULL, success_url TEXT NOT NULL, cancel_url TEXT NOT NULL,
  webhook_url TEXT, metadata TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
  created_at TEXT NOT NULL, expires_at TEXT NOT NULL, trx_id TEXT UNIQUE, paid_amount TEXT,
  verified_at TEXT);
INSERT INTO "payments" VALUES(1,'E8ICNIHWKIQWL4JRRZN1','sjIGEUv2A42K7t5eF0pdL887yqqN_0XA','sandbox-app-key','500','completed','http://shop.example/bdquickpay/success/kTIHHX7_s4IImRuydyUqCAoguOzOFLxL-b0sAk2drCA','http://shop.example/bdquickpay/cancel/kTIHHX7_s4IImRuydyUqCAoguOzOFLxL-b0sAk2drCA','http://shop.example/bdquickpay/webhook','{"order": 1}','completed','','2025-03-01T04:11:06.302271+00:00','2126-11-06T04:11:06.302271+00:00','OQEQ1VLK60','500','2025-03-01T04:11:06.430982+00:00');
INSERT INTO "payments" VALUES(2,'7RIDR8G110OMEU0KKKRP','HgcZQTf_JEyfk_g41-Uqqojv1R7ykPVi','sandbox-app-key','500','pending','http://shop.example/bdquickpay/success/358B5c9nwWHkBHK20TGr2lOOQC4G_NMkI0PhY98dLUk','http://shop.example/bdquickpay/cancel/358B5c9nwWHkBHK20TGr2lOOQC4G_NMkI0PhY98dLUk','http://shop.example/bdquickpay/webhook','{"order": 2}','pending','','2025-03-01T04:11:06.696014+00:00','2126-11-06T04:11:06.696014+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(3,'V0YJ8WKLZDKJ473G97QT','YvxlSkPD6D10d17kF3pe1PRYrMsQeNd1','sandbox-app-key','500','cancelled','http://shop.example/bdquickpay/success/3NNbOLTYNVFKj605XdzqIv_F8MPgSWZO264Viu5oJag','http://shop.example/bdquickpay/cancel/3NNbOLTYNVFKj605XdzqIv_F8MPgSWZO264Viu5oJag','http://shop.example/bdquickpay/webhook','{"order": 3}','pending','','2025-03-01T04:11:06.869928+00:00','2126-11-06T04:11:06.869928+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(4,'1LN8S5OF0AQGOEGLYF6P','3P1xTusycn5hpCTxKudBeVtm0YRiwmm1','sandbox-app-key','500','failed','http://shop.example/bdquickpay/success/F_bMVRhYni0FHYisYm64-XOAD_22aig8RljXmwRRzCk','http://shop.example/bdquickpay/cancel/F_bMVRhYni0FHYisYm64-XOAD_22aig8RljXmwRRzCk','http://shop.example/bdquickpay/webhook','{"order": 4}','failed','amount mismatch','2025-03-01T04:11:07.368608+00:00','2126-11-06T04:11:07.368608+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(5,'KWDJEKJEDLDFGAA4G4JA','i2r2TF1ZZHmKsb2wQmrUwIPcqlM_zVjG','sandbox-app-key','500','timed-out','http://shop.example/bdquickpay/success/2ogSAI1KMB_lu0I09g3JJBEc4oBFWB7D65-hr0z3P4A','http://shop.example/bdquickpay/cancel/2ogSAI1KMB_lu0I09g3JJBEc4oBFWB7D65-hr0z3P4A','http://shop.example/bdquickpay/webhook','{"order": 5}','failed','timeout','2025-03-01T04:11:07.707897+00:00','2126-11-06T04:11:07.707897+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(6,'Y15WL7V9BIHJXP5RYOS6','PL3Nv567VUzZwn_FDrRyuopeNgh0C8hS','sandbox-app-key','500','flagged','http://shop.example/bdquickpay/success/A62NgJh2pdfjGfK6_TZuMgWfFz5sz99MDQeouGKL-OY','http://shop.example/bdquickpay/cancel/A62NgJh2pdfjGfK6_TZuMgWfFz5sz99MDQeouGKL-OY','http://shop.example/bdquickpay/webhook','{"order": 6}','completed','','2025-03-01T04:11:08.402117+00:00','2126-11-06T04:11:08.402117+00:00','56G08XVUTM','400','2025-03-01T04:11:08.638141+00:00');
INSERT INTO "payments" VALUES(7,'LG8SWKEUDL1MY2WJPVP3','o-uRgDC8DkmZex5iTg_jjefI9H0rYH1A','sandbox-app-key','500','accepted','http://shop.example/bdquickpay/success/QZSEb85FmRr4RVdwaufnV8VGjgZhqe4Lj2jFJxA8PvE','http://shop.example/bdquickpay/cancel/QZSEb85FmRr4RVdwaufnV8VGjgZhqe4Lj2jFJxA8PvE','http://shop.example/bdquickpay/webhook','{"order": 7}','completed','','2025-03-01T04:11:09.035431+00:00','2126-11-06T04:11:09.035431+00:00','RYDKZD3WKB','400','2025-03-01T04:11:09.133405+00:00');
INSERT INTO "payments" VALUES(8,'GSXH3S11CAQO6AZRGHE5','Im0FM8brjzoICghYllLEK8JqyhEJ2cnx','sandbox-app-key','500','rejected','http://shop.example/bdquickpay/success/I_WlLQrkt1-eDNF4WPXwZkOld3ZjHkZpXvLOnKYMFmI','http://shop.example/bdquickpay/cancel/I_WlLQrkt1-eDNF4WPXwZkOld3ZjHkZpXvLOnKYMFmI','http://shop.example/bdquickpay/webhook','{"order": 8}','completed','','2025-03-01T04:11:09.571633+00:00','2126-11-06T04:11:09.571633+00:00','8M0WR8VUQS','400','2025-03-01T04:11:09.663838+00:00');
INSERT INTO "payments" VALUES(9,'UQOQHYO1SQUF19D34J5O','S7hpOvOCGqVpj7nVAhAaOt5DIEICwOXH','sandbox-app-key','500','unmailed','http://shop.example/bdquickpay/success/LImt9GtXztwHIUIhEI5Sau0RVXDz0egHUl3A7966YLI','http://shop.example/bdquickpay/cancel/LImt9GtXztwHIUIhEI5Sau0RVXDz0egHUl3A7966YLI','http://shop.example/bdquickpay/webhook','{"order": 10}','completed','','2025-03-01T04:11:10.091978+00:00','2126-11-06T04:11:10.091978+00:00','E8KC0PI7HB','500','2025-03-01T04:11:10.226691+00:00');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "settings" VALUES('identity','"507c39dc2ce4f9aa605e3c7c488de611"');
CREATE INDEX payments_open ON payments (status, expires_at);
CREATE INDEX deliveries_due ON deliveries (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('payments',9);
COMMIT;
PRAGMA user_version = 1;
