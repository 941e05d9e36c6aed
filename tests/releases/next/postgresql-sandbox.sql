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
INSERT INTO "payments" VALUES(1,'WMDECCTNELC2SADJXT4E','0Hvx57krOTH2FhjT2pjKWES1ox3a5nmD','sandbox-app-key','500','completed','http://shop.example/bdquickpay/success/kkAM8gj-sumWFeTfLkaDnp7ShfTRHGP1VkACqU9cyrU','http://shop.example/bdquickpay/cancel/kkAM8gj-sumWFeTfLkaDnp7ShfTRHGP1VkACqU9cyrU','http://shop.example/bdquickpay/webhook','{"order": 1}','completed','','2025-03-01T04:12:24.646939+00:00','2126-11-06T04:12:24.646939+00:00','2137RBV9SZ','500','2025-03-01T04:12:24.825566+00:00');
INSERT INTO "payments" VALUES(2,'1IV6WJPQYADH5TAOWX33','IAqD7HSwTIm90Pw_8ap9v7STcRBAPwA_','sandbox-app-key','500','pending','http://shop.example/bdquickpay/success/mWRL4TCRD5VPyd8WGKCB8HoxzUjbCONn64Vp67povlg','http://shop.example/bdquickpay/cancel/mWRL4TCRD5VPyd8WGKCB8HoxzUjbCONn64Vp67povlg','http://shop.example/bdquickpay/webhook','{"order": 2}','pending','','2025-03-01T04:12:25.274688+00:00','2126-11-06T04:12:25.274688+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(3,'77Q74MZQ167MOQTTE9AQ','5fnT9pK5X0ta-AAd6gE-tMz2Ya4LEuiA','sandbox-app-key','500','cancelled','http://shop.example/bdquickpay/success/QslELaLHlY-O32fEmcB0g7ThobrWJuXSPmz9jT7bSQA','http://shop.example/bdquickpay/cancel/QslELaLHlY-O32fEmcB0g7ThobrWJuXSPmz9jT7bSQA','http://shop.example/bdquickpay/webhook','{"order": 3}','pending','','2025-03-01T04:12:25.518586+00:00','2126-11-06T04:12:25.518586+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(4,'MRLHMMWQQ1QERKQV68M2','F8qhX4uqtJ42t4QCRU5tU8cMFK2lt4gV','sandbox-app-key','500','failed','http://shop.example/bdquickpay/success/MnENireBH5K31Lhro88R_Z_mupURQhQjjzJQbPONtls','http://shop.example/bdquickpay/cancel/MnENireBH5K31Lhro88R_Z_mupURQhQjjzJQbPONtls','http://shop.example/bdquickpay/webhook','{"order": 4}','failed','amount mismatch','2025-03-01T04:12:27.118963+00:00','2126-11-06T04:12:27.118963+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(5,'8QXSN4N9Y5PV172UL835','NNbsERoaRFJSoqDRVRTfCx0J8j2oIxpD','sandbox-app-key','500','timed-out','http://shop.example/bdquickpay/success/OoHPNBxArJcZXlvh9ZNIlg2Yo07xUl-C7Xaj5UH5x8A','http://shop.example/bdquickpay/cancel/OoHPNBxArJcZXlvh9ZNIlg2Yo07xUl-C7Xaj5UH5x8A','http://shop.example/bdquickpay/webhook','{"order": 5}','failed','timeout','2025-03-01T04:12:27.490745+00:00','2126-11-06T04:12:27.490745+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(6,'DTD4RNCS594LAOKQT2MR','bYoHjEv9CfKalB9v5YjTxr2wkHPvY9E0','sandbox-app-key','500','flagged','http://shop.example/bdquickpay/success/216iYJPmOI_P3v61ewVUJVXscODChLgRi4uR6Ui30kk','http://shop.example/bdquickpay/cancel/216iYJPmOI_P3v61ewVUJVXscODChLgRi4uR6Ui30kk','http://shop.example/bdquickpay/webhook','{"order": 6}','completed','','2025-03-01T04:12:27.793825+00:00','2126-11-06T04:12:27.793825+00:00','2K3WDWEX2Z','400','2025-03-01T04:12:27.862560+00:00');
INSERT INTO "payments" VALUES(7,'BRSXQTXYAJBUQ0NELKF2','-yQTGjZK2YBxUMIm6lV9puGeE80J1xiR','sandbox-app-key','500','accepted','http://shop.example/bdquickpay/success/mm5Nq7zyx-2JXdjaM5Qt-ymYGEg1cRABL_GyohzVH40','http://shop.example/bdquickpay/cancel/mm5Nq7zyx-2JXdjaM5Qt-ymYGEg1cRABL_GyohzVH40','http://shop.example/bdquickpay/webhook','{"order": 7}','completed','','2025-03-01T04:12:28.022009+00:00','2126-11-06T04:12:28.022009+00:00','QC8X5RA1L4','400','2025-03-01T04:12:28.341746+00:00');
INSERT INTO "payments" VALUES(8,'IGJ4064FZ2ZGCXG04TCS','UU-YZHgHRSY2m9_P7bA1mkYSDo6_--9S','sandbox-app-key','500','rejected','http://shop.example/bdquickpay/success/cKgCP4ONJVq9k9vJoMspnd8zoZN9LoI2ERUR7YRNJOg','http://shop.example/bdquickpay/cancel/cKgCP4ONJVq9k9vJoMspnd8zoZN9LoI2ERUR7YRNJOg','http://shop.example/bdquickpay/webhook','{"order": 8}','completed','','2025-03-01T04:12:30.394989+00:00','2126-11-06T04:12:30.394989+00:00','LZ97ZVO01J','400','2025-03-01T04:12:30.524156+00:00');
INSERT INTO "payments" VALUES(9,'7GX1T50UY4DB3G3OCK3B','GiA7bwAnRGIF86L6vx-dRnQGiMPCK7sB','sandbox-app-key','500','unmailed','http://shop.example/bdquickpay/success/CydX8fCPv7tVVd6xeYvdo-t7DgpP0Af05hfeq7eDmMQ','http://shop.example/bdquickpay/cancel/CydX8fCPv7tVVd6xeYvdo-t7DgpP0Af05hfeq7eDmMQ','http://shop.example/bdquickpay/webhook','{"order": 10}','completed','','2025-03-01T04:12:30.966273+00:00','2126-11-06T04:12:30.966273+00:00','P8JHCJ3GEK','500','2025-03-01T04:12:31.025708+00:00');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "settings" VALUES('identity','"52d22781e3789e5191eb90e399e88ab9"');
CREATE INDEX payments_open ON payments (status, expires_at);
CREATE INDEX deliveries_due ON deliveries (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('payments',9);
COMMIT;
PRAGMA user_version = 1;
