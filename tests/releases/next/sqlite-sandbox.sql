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
INSERT INTO "payments" VALUES(1,'BZSB1YR8OWPUBVLMZV7W','_QT-ecXn-J16rvg25pk5V3_DvMgBMPmf','sandbox-app-key','500','completed','http://shop.example/bdquickpay/success/70w8qu-gR5mbAATmXcrywWeqbGcJb2KLIyXq69NTrBE','http://shop.example/bdquickpay/cancel/70w8qu-gR5mbAATmXcrywWeqbGcJb2KLIyXq69NTrBE','http://shop.example/bdquickpay/webhook','{"order": 1}','completed','','2025-03-01T04:12:01.906534+00:00','2126-11-06T04:12:01.906534+00:00','Y86045NJ6W','500','2025-03-01T04:12:02.007273+00:00');
INSERT INTO "payments" VALUES(2,'J8U2L2J27FONWMNHF680','-xVPwpYATHiRf6xqmOTbKN3Gq8PiUhgE','sandbox-app-key','500','pending','http://shop.example/bdquickpay/success/F9w5Dap-_i4ifZAoqyyfQNfRu2YpK88KdSi_3QusJyU','http://shop.example/bdquickpay/cancel/F9w5Dap-_i4ifZAoqyyfQNfRu2YpK88KdSi_3QusJyU','http://shop.example/bdquickpay/webhook','{"order": 2}','pending','','2025-03-01T04:12:02.237218+00:00','2126-11-06T04:12:02.237218+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(3,'Z6YXRTOF3DTNW574D0QH','Ye4PjIGTaYGs_Ctj2G8QooGFNfpDUGIj','sandbox-app-key','500','cancelled','http://shop.example/bdquickpay/success/tlU5lX27IqInPq3M72oGJ6WioKllU3L9ZcWSTNQwCgU','http://shop.example/bdquickpay/cancel/tlU5lX27IqInPq3M72oGJ6WioKllU3L9ZcWSTNQwCgU','http://shop.example/bdquickpay/webhook','{"order": 3}','pending','','2025-03-01T04:12:02.587060+00:00','2126-11-06T04:12:02.587060+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(4,'85KK24M4051K1LLXH8QJ','NbITLzAuJAq83JP14iNpq2_IdLJyPHsS','sandbox-app-key','500','failed','http://shop.example/bdquickpay/success/mSERHQrM6RdOaRL_s7Paq-yVoz4IA8n690YbH17mu6I','http://shop.example/bdquickpay/cancel/mSERHQrM6RdOaRL_s7Paq-yVoz4IA8n690YbH17mu6I','http://shop.example/bdquickpay/webhook','{"order": 4}','failed','amount mismatch','2025-03-01T04:12:03.614287+00:00','2126-11-06T04:12:03.614287+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(5,'CQUCVBAW16T5UHRACAA7','ibW250Cc_n7f5MBVm5rp0MQZQzvZER7R','sandbox-app-key','500','timed-out','http://shop.example/bdquickpay/success/Kirw5_EQDw6MUafZ3-8o1ayFfIM4WJelzQ5Vlnkp47k','http://shop.example/bdquickpay/cancel/Kirw5_EQDw6MUafZ3-8o1ayFfIM4WJelzQ5Vlnkp47k','http://shop.example/bdquickpay/webhook','{"order": 5}','failed','timeout','2025-03-01T04:12:03.930620+00:00','2126-11-06T04:12:03.930620+00:00',NULL,NULL,NULL);
INSERT INTO "payments" VALUES(6,'WS6ESJC9QTKCDUT39OZI','HSFFyovXYD3vtDvrZGMv4g0s_ESyzWjJ','sandbox-app-key','500','flagged','http://shop.example/bdquickpay/success/kIhY8I2WNGv4UVlPWiSshWoKwu1fdEH_p_ngo6Hrrw0','http://shop.example/bdquickpay/cancel/kIhY8I2WNGv4UVlPWiSshWoKwu1fdEH_p_ngo6Hrrw0','http://shop.example/bdquickpay/webhook','{"order": 6}','completed','','2025-03-01T04:12:04.311540+00:00','2126-11-06T04:12:04.311540+00:00','5FGVAW28VG','400','2025-03-01T04:12:04.377260+00:00');
INSERT INTO "payments" VALUES(7,'JMPX2W56HI970HQ6FCJ8','r3EqLzH4UMivrP-QaEAcSdjSK37Wb78j','sandbox-app-key','500','accepted','http://shop.example/bdquickpay/success/7Ww2urB8BJsPfCANPTZQji9CrMrlpj3vXY-hJ4sJ77k','http://shop.example/bdquickpay/cancel/7Ww2urB8BJsPfCANPTZQji9CrMrlpj3vXY-hJ4sJ77k','http://shop.example/bdquickpay/webhook','{"order": 7}','completed','','2025-03-01T04:12:04.791721+00:00','2126-11-06T04:12:04.791721+00:00','TECVPAU0MW','400','2025-03-01T04:12:05.002672+00:00');
INSERT INTO "payments" VALUES(8,'0XYAEC317US62FKTG00G','qdCwzcdL9NXBJcAkhX_6V3u_04owcYKO','sandbox-app-key','500','rejected','http://shop.example/bdquickpay/success/s8sRUqmRHJm4kmPSp0Swq1ytgGzcelJlQo16Zr-GWTM','http://shop.example/bdquickpay/cancel/s8sRUqmRHJm4kmPSp0Swq1ytgGzcelJlQo16Zr-GWTM','http://shop.example/bdquickpay/webhook','{"order": 8}','completed','','2025-03-01T04:12:05.583699+00:00','2126-11-06T04:12:05.583699+00:00','D6HNAMZ0PS','400','2025-03-01T04:12:05.664756+00:00');
INSERT INTO "payments" VALUES(9,'1K4TZJ4IJR4XIOBZQ0CT','ezVjcv6TD9lqt7OSqgfK7xRw9YkA6OK-','sandbox-app-key','500','unmailed','http://shop.example/bdquickpay/success/kDVhW8JfTQ94NqEijlLqKLKCVv9iyzwkyJrJ_iwNCJE','http://shop.example/bdquickpay/cancel/kDVhW8JfTQ94NqEijlLqKLKCVv9iyzwkyJrJ_iwNCJE','http://shop.example/bdquickpay/webhook','{"order": 10}','completed','','2025-03-01T04:12:06.318187+00:00','2126-11-06T04:12:06.318187+00:00','QSPLK7KO96','500','2025-03-01T04:12:06.524087+00:00');
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "settings" VALUES('identity','"de9126e9d9cc46dcca2c2df72f38f4f7"');
CREATE INDEX payments_open ON payments (status, expires_at);
CREATE INDEX deliveries_due ON deliveries (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('payments',9);
COMMIT;
PRAGMA user_version = 1;
