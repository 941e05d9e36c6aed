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
INSERT INTO "payments" VALUES(1,'Y98VJF2U9YJQBJ58OD6O','eHNll42PIkI9GAqXJSKl_SCSfJQLm1BM','sandbox-app-key','500','completed','http://shop.example/bdquickpay/success/FL5IHn5TP0OEawA7Wyz2V2HCKVt-VQumt-7UFyBOU-g','http://shop.example/bdquickpay/cancel/FL5IHn5TP0OEawA7Wyz2V2HCKVt-VQumt-7UFyBOU-g','http://shop.example/bdquickpay/webhook','{"order": 1}','completed','','2025-03-01T04:12:48.154457+00:00','2126-11-06T04:12:48.154457+00:00','HA8AQV325L','500','2025-03-01T04:12:48.265927+00:00');
INSERT INTO "payments" VALUES(2,'8CWFCL3BFBGKLRKCOBON','nlbXBWeKqKLhK8vc2gbJMM_Q8v49ud5y','sandbox-app-key','500','pending','http://shop.example/bdquickpay/success/VMQZNT2LAIIIflseMdR77RlBvWSe6GafBOofUCpXlW0','http://shop.example/bdquickpay/cancel/VMQZNT2LAIIIflseMdR77RlBvWSe6GafBOofUCpXlW0','http://shop.example/bdquickpay/webhook','{"order": 2}','pending','','2025-03-01T04:12:48.375457+00:00','2126-11-06T04:12:48.375457+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(3,'QWX63NGDYUFWDW8GXOE4','lNsNu4R45xE26iZpzOhhNtiyVTTELsmC','sandbox-app-key','500','cancelled','http://shop.example/bdquickpay/success/X6gzDcZJkwXpeAImIYCgMsd_BtE01Ux9wNiuwZD8Czg','http://shop.example/bdquickpay/cancel/X6gzDcZJkwXpeAImIYCgMsd_BtE01Ux9wNiuwZD8Czg','http://shop.example/bdquickpay/webhook','{"order": 3}','pending','','2025-03-01T04:12:48.433596+00:00','2126-11-06T04:12:48.433596+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(4,'SKDQL07B4BX139JYUCSX','Pf6MwUf7-jFVveS8MAj1F_Irx64t5LoY','sandbox-app-key','500','failed','http://shop.example/bdquickpay/success/QwR9B66sdVSnDXD7xwpDUyr70sQKmjqk81b3lCdLWTI','http://shop.example/bdquickpay/cancel/QwR9B66sdVSnDXD7xwpDUyr70sQKmjqk81b3lCdLWTI','http://shop.example/bdquickpay/webhook','{"order": 4}','failed','amount mismatch','2025-03-01T04:12:48.773988+00:00','2126-11-06T04:12:48.773988+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(5,'00DOHGQAI2RL5TA42J6X','6sP92nQtaK_jypkMTxWtdzN0HNFf_Ajj','sandbox-app-key','500','timed-out','http://shop.example/bdquickpay/success/PvWWw5l2BTBQDQgLWW7optDcRtcp1zJM9qkXowe-XVg','http://shop.example/bdquickpay/cancel/PvWWw5l2BTBQDQgLWW7optDcRtcp1zJM9qkXowe-XVg','http://shop.example/bdquickpay/webhook','{"order": 5}','failed','timeout','2025-03-01T04:12:48.993981+00:00','2126-11-06T04:12:48.993981+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(6,'WET0H3FV87KRZF55081N','U7_j32vGgRYvw3YlRLiflBSI2aOVCDvy','sandbox-app-key','500','flagged','http://shop.example/bdquickpay/success/WVcv06_jQqisH4u0YP2dUOVB4nZZtjrZuGLILqV9jLg','http://shop.example/bdquickpay/cancel/WVcv06_jQqisH4u0YP2dUOVB4nZZtjrZuGLILqV9jLg','http://shop.example/bdquickpay/webhook','{"order": 6}','completed','','2025-03-01T04:12:49.078176+00:00','2126-11-06T04:12:49.078176+00:00','T232RI7Q4H','400','2025-03-01T04:12:49.134449+00:00');
INSERT INTO "payments" VALUES(7,'GAG38P4S6CZNTAB4YRDS','JzCAXazsCqiORKn3YiJrTtK-3vla6aOg','sandbox-app-key','500','accepted','http://shop.example/bdquickpay/success/hewkJNtPxRMEO2VYNkwrLXcZUrAZWKB4PLTWycwWeDI','http://shop.example/bdquickpay/cancel/hewkJNtPxRMEO2VYNkwrLXcZUrAZWKB4PLTWycwWeDI','http://shop.example/bdquickpay/webhook','{"order": 7}','completed','','2025-03-01T04:12:49.289817+00:00','2126-11-06T04:12:49.289817+00:00','TYRZEGK1S3','400','2025-03-01T04:12:49.347658+00:00');
INSERT INTO "payments" VALUES(8,'LVPJA6P4FG179Y1AN92Z','5jRvxufKCOPzNe6D7RrZcn9_pA4WsdDo','sandbox-app-key','500','rejected','http://shop.example/bdquickpay/success/FJDE8pGlmCblSwjZ47-sC7_Ih2YZpFPwzO3720-M1Q8','http://shop.example/bdquickpay/cancel/FJDE8pGlmCblSwjZ47-sC7_Ih2YZpFPwzO3720-M1Q8','http://shop.example/bdquickpay/webhook','{"order": 8}','completed','','2025-03-01T04:12:49.846856+00:00','2126-11-06T04:12:49.846856+00:00','PHTDRKO2OC','400','2025-03-01T04:12:49.925751+00:00');
INSERT INTO "payments" VALUES(9,'17KBADLKDDICTRNQN63W','FshUE7jRs9jNU8Xnf1-H0-OPw_HMY0m7','sandbox-app-key','500','unmailed','http://shop.example/bdquickpay/success/nXMy504y5NU5MvfSzNMo465EtVK4QDw7yog38oz9zEg','http://shop.example/bdquickpay/cancel/nXMy504y5NU5MvfSzNMo465EtVK4QDw7yog38oz9zEg','http://shop.example/bdquickpay/webhook','{"order": 10}','completed','','2025-03-01T04:12:50.024479+00:00','2126-11-06T04:12:50.024479+00:00','LK6SP6OGI0','500','2025-03-01T04:12:50.039753+00:00');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "settings" VALUES('identity','"92453340b1f0b9dd6969d692b453b6b3"');
CREATE INDEX payments_open ON payments (status, expires_at);
CREATE INDEX deliveries_due ON deliveries (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('payments',9);
COMMIT;
PRAGMA user_version = 1;
