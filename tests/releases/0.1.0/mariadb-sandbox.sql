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
INSERT INTO "payments" VALUES(1,'BDRX5M9M5I3VO20SLAHB','VzNw8axh9NotePDK44-AHrjANw3lrAwx','sandbox-app-key','500','completed','http://shop.example/bdquickpay/success/V3JmRkZ4xuAVsY-ZRh5LrDKNM6azqjJzD5VrJb0nxB4','http://shop.example/bdquickpay/cancel/V3JmRkZ4xuAVsY-ZRh5LrDKNM6azqjJzD5VrJb0nxB4','http://shop.example/bdquickpay/webhook','{"order": 1}','completed','','2025-03-01T04:11:44.746665+00:00','2126-11-06T04:11:44.746665+00:00','Q50SY8WDXM','500','2025-03-01T04:11:44.839814+00:00');
INSERT INTO "payments" VALUES(2,'0DCU4VGL57OBBXPMKBSF','HGpE1udBMEAoeS8WcU2YpxT_G6PfMA3A','sandbox-app-key','500','pending','http://shop.example/bdquickpay/success/T-33Xz9PYm5es_xtIh6mjwDY6kjjKyXxOInzVvnIrNE','http://shop.example/bdquickpay/cancel/T-33Xz9PYm5es_xtIh6mjwDY6kjjKyXxOInzVvnIrNE','http://shop.example/bdquickpay/webhook','{"order": 2}','pending','','2025-03-01T04:11:45.127391+00:00','2126-11-06T04:11:45.127391+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(3,'LIBNE756H0VS1PQ2DZBF','c94RmKb53K5dFvFQB9PSnwfbFQziXTNj','sandbox-app-key','500','cancelled','http://shop.example/bdquickpay/success/MAZo61zMSGsSIXl8sd8ytzqKxs1RPc9ou9ro8vMUnbE','http://shop.example/bdquickpay/cancel/MAZo61zMSGsSIXl8sd8ytzqKxs1RPc9ou9ro8vMUnbE','http://shop.example/bdquickpay/webhook','{"order": 3}','pending','','2025-03-01T04:11:45.335769+00:00','2126-11-06T04:11:45.335769+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(4,'PH2LYEOLGFFIC1RP6MEL','z7x_NDNXNHZExFEySkiCcwenaNGi9MS2','sandbox-app-key','500','failed','http://shop.example/bdquickpay/success/tNcQvuenI0_KcJkMJI1l7AEfUtcmXzrau08575Salvc','http://shop.example/bdquickpay/cancel/tNcQvuenI0_KcJkMJI1l7AEfUtcmXzrau08575Salvc','http://shop.example/bdquickpay/webhook','{"order": 4}','failed','amount mismatch','2025-03-01T04:11:45.852281+00:00','2126-11-06T04:11:45.852281+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(5,'U9TDTOW2ODV3J9VT96N8','4Z9ktW0_c8_InqCDnR5rfhrzqBNy5wtB','sandbox-app-key','500','timed-out','http://shop.example/bdquickpay/success/9wXdL_TBwKYcV23HNwKqvTIbGFx_IA3bJfmKeqaG5Pc','http://shop.example/bdquickpay/cancel/9wXdL_TBwKYcV23HNwKqvTIbGFx_IA3bJfmKeqaG5Pc','http://shop.example/bdquickpay/webhook','{"order": 5}','failed','timeout','2025-03-01T04:11:46.315622+00:00','2126-11-06T04:11:46.315622+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(6,'UGHDLNGK6ZE8BMDSE5AL','XZ6SFZQryxfth5E5PQOzhZ33Km6nDYnT','sandbox-app-key','500','flagged','http://shop.example/bdquickpay/success/BlccHanBCBgt1eufeLj2iiBEgtl-QBScfbIXYecwKr8','http://shop.example/bdquickpay/cancel/BlccHanBCBgt1eufeLj2iiBEgtl-QBScfbIXYecwKr8','http://shop.example/bdquickpay/webhook','{"order": 6}','completed','','2025-03-01T04:11:46.469232+00:00','2126-11-06T04:11:46.469232+00:00','Y9CQTZ74B9','400','2025-03-01T04:11:46.491875+00:00');
INSERT INTO "payments" VALUES(7,'DQMSNDDJGDGGPQWQMH7D','eOLvAsFNesIzDmnzO2G32dhM2nSyheOk','sandbox-app-key','500','accepted','http://shop.example/bdquickpay/success/EcmCw-jNGV84TlkqXWzBQu_b7wj5BJDp6iNCkkxbn9g','http://shop.example/bdquickpay/cancel/EcmCw-jNGV84TlkqXWzBQu_b7wj5BJDp6iNCkkxbn9g','http://shop.example/bdquickpay/webhook','{"order": 7}','completed','','2025-03-01T04:11:46.587474+00:00','2126-11-06T04:11:46.587474+00:00','X6AG1QSC5Z','400','2025-03-01T04:11:46.639740+00:00');
INSERT INTO "payments" VALUES(8,'Y8DG07O1US6XA2ANVLPE','53rk_dM-9wX9MtM1T2vE8exKIibFEAxI','sandbox-app-key','500','rejected','http://shop.example/bdquickpay/success/A-TbJc8vDi6IW3fbwAKZi-_-fmyyX-iN0IMf0Bs9MCY','http://shop.example/bdquickpay/cancel/A-TbJc8vDi6IW3fbwAKZi-_-fmyyX-iN0IMf0Bs9MCY','http://shop.example/bdquickpay/webhook','{"order": 8}','completed','','2025-03-01T04:11:46.938899+00:00','2126-11-06T04:11:46.938899+00:00','PLXT0Q3QDB','400','2025-03-01T04:11:46.972635+00:00');
INSERT INTO "payments" VALUES(9,'8OTJH6MAAL51AO2KET1T','qgemrSYyt34_rlekK5_pVd4h6cc9TSIb','sandbox-app-key','500','unmailed','http://shop.example/bdquickpay/success/R6sQahwnYQn_TYK__yTNwZzIimH9o2EPxjBlYOu4mU8','http://shop.example/bdquickpay/cancel/R6sQahwnYQn_TYK__yTNwZzIimH9o2EPxjBlYOu4mU8','http://shop.example/bdquickpay/webhook','{"order": 10}','completed','','2025-03-01T04:11:47.685729+00:00','2126-11-06T04:11:47.685729+00:00','S07YKQRPRV','500','2025-03-01T04:11:47.710973+00:00');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "settings" VALUES('identity','"0fcbd7670f6ddc1ace1e55d5c7f86239"');
CREATE INDEX payments_open ON payments (status, expires_at);
CREATE INDEX deliveries_due ON deliveries (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('payments',9);
COMMIT;
PRAGMA user_version = 1;
