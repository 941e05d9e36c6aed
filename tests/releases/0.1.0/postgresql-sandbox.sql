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
INSERT INTO "payments" VALUES(1,'DUADE0HF8I6NCEA5HLKC','YzL1fJqjkfo-PDQ40ezBxhYVnMsHOSHN','sandbox-app-key','500','completed','http://shop.example/bdquickpay/success/AM_R3paCm-pvxYD5F2oYo9yK4zBQryA27aZfWUeKykY','http://shop.example/bdquickpay/cancel/AM_R3paCm-pvxYD5F2oYo9yK4zBQryA27aZfWUeKykY','http://shop.example/bdquickpay/webhook','{"order": 1}','completed','','2025-03-01T04:11:24.053957+00:00','2126-11-06T04:11:24.053957+00:00','T435J9WF52','500','2025-03-01T04:11:24.147981+00:00');
INSERT INTO "payments" VALUES(2,'1HI3CEZHJ807EP3H7Q0L','r4yDRBwdYeEsmRuFfpTZS6R_y2P-KSTs','sandbox-app-key','500','pending','http://shop.example/bdquickpay/success/lMUGnTDnk2OVnAlwr9NgkOqYU2fy1sQC618IdfMiyMI','http://shop.example/bdquickpay/cancel/lMUGnTDnk2OVnAlwr9NgkOqYU2fy1sQC618IdfMiyMI','http://shop.example/bdquickpay/webhook','{"order": 2}','pending','','2025-03-01T04:11:24.348721+00:00','2126-11-06T04:11:24.348721+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(3,'5B3C2IM8NSZGXZ1GYEP7','yFn-ozojBlw5ixSksyO1RPi0-YUV3pMt','sandbox-app-key','500','cancelled','http://shop.example/bdquickpay/success/6XvvECMKvDCqTVLUXYv90I6KMK1cnyGZSgdbJIbR3RA','http://shop.example/bdquickpay/cancel/6XvvECMKvDCqTVLUXYv90I6KMK1cnyGZSgdbJIbR3RA','http://shop.example/bdquickpay/webhook','{"order": 3}','pending','','2025-03-01T04:11:24.586680+00:00','2126-11-06T04:11:24.586680+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(4,'F99HMNBT9Q415741TRVB','3BFwdmio92IoAgU0R3fvK8K9XBHX89d3','sandbox-app-key','500','failed','http://shop.example/bdquickpay/success/xiIbKgT0GOYeQflXiyYnADV_5ts5_s92bBbf0Ju0sfY','http://shop.example/bdquickpay/cancel/xiIbKgT0GOYeQflXiyYnADV_5ts5_s92bBbf0Ju0sfY','http://shop.example/bdquickpay/webhook','{"order": 4}','failed','amount mismatch','2025-03-01T04:11:25.479371+00:00','2126-11-06T04:11:25.479371+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(5,'MXQP8HT36OCNB4DRJWK0','aLSfoWLFtIZ-cIc0QH9AkJy3IwKdDN9S','sandbox-app-key','500','timed-out','http://shop.example/bdquickpay/success/B-1GqqCkiCaSha6g3pYQw8C-K2q38oeW1s3x88_iy3c','http://shop.example/bdquickpay/cancel/B-1GqqCkiCaSha6g3pYQw8C-K2q38oeW1s3x88_iy3c','http://shop.example/bdquickpay/webhook','{"order": 5}','failed','timeout','2025-03-01T04:11:25.767518+00:00','2126-11-06T04:11:25.767518+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(6,'9ANHU22M1P97BNM3WVG2','dWKdRNI9KUaqts8pJR7cyrBrWZ7AOzvR','sandbox-app-key','500','flagged','http://shop.example/bdquickpay/success/MJBG7tngkB9WbihEG7dH2bx81ZVAf-pTbTZYPMXzu9U','http://shop.example/bdquickpay/cancel/MJBG7tngkB9WbihEG7dH2bx81ZVAf-pTbTZYPMXzu9U','http://shop.example/bdquickpay/webhook','{"order": 6}','completed','','2025-03-01T04:11:26.081834+00:00','2126-11-06T04:11:26.081834+00:00','O0QUULIRC3','400','2025-03-01T04:11:26.142032+00:00');
INSERT INTO "payments" VALUES(7,'7924HLUG9XCVJQWII5JD','RuGxOdyZCE28Rf1p9lB2V67FwvvTBa1l','sandbox-app-key','500','accepted','http://shop.example/bdquickpay/success/KXp-49gOmtRbShKz1EhoCA8amkTBmI-RNymUvLyaaSI','http://shop.example/bdquickpay/cancel/KXp-49gOmtRbShKz1EhoCA8amkTBmI-RNymUvLyaaSI','http://shop.example/bdquickpay/webhook','{"order": 7}','completed','','2025-03-01T04:11:26.275183+00:00','2126-11-06T04:11:26.275183+00:00','HTZAQ44S7Z','400','2025-03-01T04:11:26.385594+00:00');
INSERT INTO "payments" VALUES(8,'ALADJQJ9Z3F4C5I96JD9','8wY7IA4KGYv43lV4iG9IID4tc61BwFpn','sandbox-app-key','500','rejected','http://shop.example/bdquickpay/success/xobSjR3smr5PBiyNS2DY-JztBcCdvZmVBz141b9zjnU','http://shop.example/bdquickpay/cancel/xobSjR3smr5PBiyNS2DY-JztBcCdvZmVBz141b9zjnU','http://shop.example/bdquickpay/webhook','{"order": 8}','completed','','2025-03-01T04:11:26.718495+00:00','2126-11-06T04:11:26.718495+00:00','SWKS8LOY4A','400','2025-03-01T04:11:26.795964+00:00');
INSERT INTO "payments" VALUES(9,'PEJYI2TDM2JVMPCR74B7','nJtPAVGU2_ABxMn8GJd-KTzxdRHhdVKl','sandbox-app-key','500','unmailed','http://shop.example/bdquickpay/success/-kmOUMgh0NieJXOBFH8eyylgVjLsuKUepjD3n9jrRjw','http://shop.example/bdquickpay/cancel/-kmOUMgh0NieJXOBFH8eyylgVjLsuKUepjD3n9jrRjw','http://shop.example/bdquickpay/webhook','{"order": 10}','completed','','2025-03-01T04:11:27.193987+00:00','2126-11-06T04:11:27.193987+00:00','BPJUT67XC1','500','2025-03-01T04:11:27.342406+00:00');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "settings" VALUES('identity','"f87f3620d9dea2100f9ec9cfc8475381"');
CREATE INDEX payments_open ON payments (status, expires_at);
CREATE INDEX deliveries_due ON deliveries (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('payments',9);
COMMIT;
PRAGMA user_version = 1;
