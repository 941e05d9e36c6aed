BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('first');
CREATE TABLE bdquickpay_payment (
	id INTEGER NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	invoice_id VARCHAR(128), 
	customer_reference VARCHAR(255) NOT NULL, 
	amount NUMERIC(12, 2) NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	previous_status VARCHAR(20), 
	reason TEXT, 
	payment_url TEXT, 
	trx_id VARCHAR(128), 
	payment_metadata JSON, 
	gateway_status VARCHAR(64), 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	verified_at DATETIME, 
	received_amount NUMERIC(12, 2), 
	refunded_amount NUMERIC(12, 2) DEFAULT '0' NOT NULL, 
	cleared_at DATETIME, 
	fee NUMERIC(12, 2), 
	account VARCHAR(40) DEFAULT '' NOT NULL, 
	label VARCHAR(80), 
	lines JSON, 
	channel VARCHAR(10), 
	erased_at DATETIME, 
	announced_at DATETIME, 
	problem TEXT, 
	made_with VARCHAR(64), 
	made_for VARCHAR(255), 
	promised_at DATETIME, 
	updated_at DATETIME NOT NULL, 
	order_key VARCHAR(255), 
	resolved_by VARCHAR(255), 
	asked_at DATETIME, 
	answered_at DATETIME, 
	check_after DATETIME, 
	checks INTEGER NOT NULL, 
	lease VARCHAR(32), 
	PRIMARY KEY (id), 
	CONSTRAINT ck_bdquickpay_payment_refunded CHECK (refunded_amount = 0 OR refunded_amount > 0 AND refunded_amount <= received_amount), 
	UNIQUE (invoice_id), 
	UNIQUE (order_key), 
	UNIQUE (token), 
	UNIQUE (trx_id)
);
INSERT INTO "bdquickpay_payment" VALUES(1,'70w8qu-gR5mbAATmXcrywWeqbGcJb2KLIyXq69NTrBE','BZSB1YR8OWPUBVLMZV7W','completed',500,'completed','pending',NULL,'http://127.0.0.1:38371/pay/bkash/_QT-ecXn-J16rvg25pk5V3_DvMgBMPmf','Y86045NJ6W','{"order": 1}','completed','2025-03-01 04:12:01.784978','2126-11-06 04:12:01.000000','2025-03-01 04:12:02.000000',500,0,NULL,NULL,'',NULL,NULL,'api',NULL,'2025-03-01 04:12:02.034151',NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:02.034422','completed',NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(2,'F9w5Dap-_i4ifZAoqyyfQNfRu2YpK88KdSi_3QusJyU','J8U2L2J27FONWMNHF680','pending',500,'pending','created',NULL,'http://127.0.0.1:38371/pay/bkash/-xVPwpYATHiRf6xqmOTbKN3Gq8PiUhgE',NULL,'{"order": 2}',NULL,'2025-03-01 04:12:02.128013','2126-11-06 04:12:02.000000',NULL,NULL,0,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:02.322213','pending',NULL,NULL,NULL,'2025-03-01 04:12:02.321772',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(3,'tlU5lX27IqInPq3M72oGJ6WioKllU3L9ZcWSTNQwCgU','Z6YXRTOF3DTNW574D0QH','cancelled',500,'cancelled','pending',NULL,'http://127.0.0.1:38371/pay/bkash/Ye4PjIGTaYGs_Ctj2G8QooGFNfpDUGIj',NULL,'{"order": 3}','pending','2025-03-01 04:12:02.512019','2126-11-06 04:12:02.000000',NULL,NULL,0,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:03.118226','cancelled',NULL,'2025-03-01 04:12:03.054545','2025-03-01 04:12:03.150896','2025-03-01 04:12:03.118070',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(4,'mSERHQrM6RdOaRL_s7Paq-yVoz4IA8n690YbH17mu6I','85KK24M4051K1LLXH8QJ','failed',500,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:38371/pay/bkash/NbITLzAuJAq83JP14iNpq2_IdLJyPHsS',NULL,'{"order": 4}','failed','2025-03-01 04:12:03.576844','2126-11-06 04:12:03.000000',NULL,NULL,0,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:03.798075',NULL,NULL,NULL,NULL,'2025-03-01 04:12:03.789599',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(5,'Kirw5_EQDw6MUafZ3-8o1ayFfIM4WJelzQ5Vlnkp47k','CQUCVBAW16T5UHRACAA7','timed-out',500,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:38371/pay/bkash/ibW250Cc_n7f5MBVm5rp0MQZQzvZER7R',NULL,'{"order": 5}','failed','2025-03-01 04:12:03.903356','2126-11-06 04:12:03.000000',NULL,NULL,0,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:04.041064',NULL,NULL,NULL,NULL,'2025-03-01 04:12:04.040728',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(6,'kIhY8I2WNGv4UVlPWiSshWoKwu1fdEH_p_ngo6Hrrw0','WS6ESJC9QTKCDUT39OZI','flagged',500,'flagged','pending','amount mismatch: 400 BDT were paid','http://127.0.0.1:38371/pay/bkash/HSFFyovXYD3vtDvrZGMv4g0s_ESyzWjJ','5FGVAW28VG','{"order": 6}','completed','2025-03-01 04:12:04.275598','2126-11-06 04:12:04.000000','2025-03-01 04:12:04.000000',400,0,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:04.393123','flagged',NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(7,'7Ww2urB8BJsPfCANPTZQji9CrMrlpj3vXY-hJ4sJ77k','JMPX2W56HI970HQ6FCJ8','accepted',500,'completed','flagged','amount mismatch: 400 BDT were paid','http://127.0.0.1:38371/pay/bkash/r3EqLzH4UMivrP-QaEAcSdjSK37Wb78j','TECVPAU0MW','{"order": 7}','completed','2025-03-01 04:12:04.472170','2126-11-06 04:12:04.000000','2025-03-01 04:12:05.000000',400,0,NULL,NULL,'',NULL,NULL,'api',NULL,'2025-03-01 04:12:05.411091',NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:05.411241','accepted','Mina',NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(8,'s8sRUqmRHJm4kmPSp0Swq1ytgGzcelJlQo16Zr-GWTM','0XYAEC317US62FKTG00G','rejected',500,'failed','flagged','rejected by the shop','http://127.0.0.1:38371/pay/bkash/qdCwzcdL9NXBJcAkhX_6V3u_04owcYKO','D6HNAMZ0PS','{"order": 8}','completed','2025-03-01 04:12:05.550913','2126-11-06 04:12:05.000000','2025-03-01 04:12:05.000000',400,0,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:05.758401',NULL,'Mina',NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(9,'HAAlaPLuXXCOnZhH0woOdofmZf_ZfpnC-Yn1Ap4TKlA',NULL,'unanswered',500,'failed','created','the gateway''s answer was lost: nobody was sent to pay',NULL,NULL,'{"order": 9}',NULL,'2025-03-01 04:12:05.920462',NULL,NULL,NULL,0,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:05.988739',NULL,NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(10,'kDVhW8JfTQ94NqEijlLqKLKCVv9iyzwkyJrJ_iwNCJE','1K4TZJ4IJR4XIOBZQ0CT','unmailed',500,'completed','pending',NULL,'http://127.0.0.1:38371/pay/bkash/ezVjcv6TD9lqt7OSqgfK7xRw9YkA6OK-','QSPLK7KO96','{"order": 10}','completed','2025-03-01 04:12:06.110469','2126-11-06 04:12:06.000000','2025-03-01 04:12:06.000000',500,0,NULL,NULL,'',NULL,NULL,'api',NULL,'2025-03-01 04:12:06.574954',NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:06.575221','unmailed',NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE bdquickpay_payment_event (
	id INTEGER NOT NULL, 
	payment_id INTEGER NOT NULL, 
	source VARCHAR(20) NOT NULL, 
	old_status VARCHAR(20) NOT NULL, 
	new_status VARCHAR(20), 
	gateway_answer JSON, 
	note TEXT, 
	actor VARCHAR(255), 
	created_at DATETIME NOT NULL, 
	refund_id INTEGER, 
	count INTEGER DEFAULT '1' NOT NULL, 
	repeated_at DATETIME, 
	deliver_after DATETIME, 
	delivered_at DATETIME, 
	attempts INTEGER NOT NULL, 
	error TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(payment_id) REFERENCES bdquickpay_payment (id), 
	UNIQUE (payment_id, id)
);
INSERT INTO "bdquickpay_payment_event" VALUES(1,1,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:01.929997',NULL,1,NULL,NULL,'2025-03-01 04:12:01.984634',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(2,1,'confirm','pending','completed','{"invoice_id": "BZSB1YR8OWPUBVLMZV7W", "status": "completed", "amount": "500", "customer_reference": "completed", "created_at": "2025-03-01T04:12:01+00:00", "expires_at": "2126-11-06T04:12:01+00:00", "transaction": {"trx_id": "Y86045NJ6W", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:12:02+00:00"}}',NULL,NULL,'2025-03-01 04:12:02.042765',NULL,1,NULL,NULL,'2025-03-01 04:12:02.080603',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(3,2,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:02.322858',NULL,1,NULL,NULL,'2025-03-01 04:12:02.402001',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(4,3,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:02.730615',NULL,1,NULL,NULL,'2025-03-01 04:12:02.879498',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(5,3,'cancel','pending','cancelled','{"invoice_id": "Z6YXRTOF3DTNW574D0QH", "status": "pending", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}',NULL,NULL,'2025-03-01 04:12:03.124217',NULL,1,NULL,NULL,'2025-03-01 04:12:03.139607',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(6,4,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:03.665428',NULL,1,NULL,NULL,'2025-03-01 04:12:03.707442',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(7,4,'confirm','pending','failed','{"invoice_id": "85KK24M4051K1LLXH8QJ", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:12:03.799371',NULL,1,NULL,NULL,'2025-03-01 04:12:03.826207',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(8,5,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:03.946433',NULL,1,NULL,NULL,'2025-03-01 04:12:03.950893',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(9,5,'confirm','pending','failed','{"invoice_id": "CQUCVBAW16T5UHRACAA7", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:12:04.041748',NULL,1,NULL,NULL,'2025-03-01 04:12:04.060664',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(10,6,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:04.361811',NULL,1,NULL,NULL,'2025-03-01 04:12:04.365321',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(11,6,'confirm','pending','flagged','{"invoice_id": "WS6ESJC9QTKCDUT39OZI", "status": "completed", "amount": "500", "customer_reference": "flagged", "created_at": "2025-03-01T04:12:04+00:00", "expires_at": "2126-11-06T04:12:04+00:00", "transaction": {"trx_id": "5FGVAW28VG", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:12:04+00:00"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:12:04.394144',NULL,1,NULL,NULL,'2025-03-01 04:12:04.410716',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(12,7,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:04.914605',NULL,1,NULL,NULL,'2025-03-01 04:12:04.958910',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(13,7,'confirm','pending','flagged','{"invoice_id": "JMPX2W56HI970HQ6FCJ8", "status": "completed", "amount": "500", "customer_reference": "accepted", "created_at": "2025-03-01T04:12:04+00:00", "expires_at": "2126-11-06T04:12:04+00:00", "transaction": {"trx_id": "TECVPAU0MW", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:12:05+00:00"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:12:05.050680',NULL,1,NULL,NULL,'2025-03-01 04:12:05.098849',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(14,7,'cli','flagged','completed',NULL,'checked','Mina','2025-03-01 04:12:05.412024',NULL,1,NULL,NULL,'2025-03-01 04:12:05.442676',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(15,8,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:05.596686',NULL,1,NULL,NULL,'2025-03-01 04:12:05.628782',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(16,8,'confirm','pending','flagged','{"invoice_id": "0XYAEC317US62FKTG00G", "status": "completed", "amount": "500", "customer_reference": "rejected", "created_at": "2025-03-01T04:12:05+00:00", "expires_at": "2126-11-06T04:12:05+00:00", "transaction": {"trx_id": "D6HNAMZ0PS", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:12:05+00:00"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:12:05.707944',NULL,1,NULL,NULL,'2025-03-01 04:12:05.722679',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(17,8,'cli','flagged','failed',NULL,'checked','Mina','2025-03-01 04:12:05.759223',NULL,1,NULL,NULL,'2025-03-01 04:12:05.775446',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(18,9,'checkout','created','failed',NULL,'The gateway did not answer (ConnectionError).',NULL,'2025-03-01 04:12:05.993036',NULL,1,NULL,NULL,'2025-03-01 04:12:06.030715',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(19,10,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:06.421788',NULL,1,NULL,'2025-03-01 04:13:06.439891',NULL,1,'ConnectionError: the mail server is down');
INSERT INTO "bdquickpay_payment_event" VALUES(20,10,'confirm','pending','completed','{"invoice_id": "1K4TZJ4IJR4XIOBZQ0CT", "status": "completed", "amount": "500", "customer_reference": "unmailed", "created_at": "2025-03-01T04:12:06+00:00", "expires_at": "2126-11-06T04:12:06+00:00", "transaction": {"trx_id": "QSPLK7KO96", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:12:06+00:00"}}',NULL,NULL,'2025-03-01 04:12:06.575731',NULL,1,NULL,'2025-03-01 04:13:06.610773',NULL,1,'ConnectionError: the mail server is down');
CREATE TABLE bdquickpay_refund (
	id INTEGER NOT NULL, 
	payment_id INTEGER NOT NULL, 
	amount NUMERIC(12, 2) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	method VARCHAR(10) NOT NULL, 
	trx_id VARCHAR(128), 
	voided_trx_id VARCHAR(128), 
	sent_at DATETIME NOT NULL, 
	reason TEXT NOT NULL, 
	note TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR(255) NOT NULL, 
	voided_at DATETIME, 
	voided_by VARCHAR(255), 
	void_note TEXT, 
	cleared_at DATETIME, 
	request_key VARCHAR(128), 
	PRIMARY KEY (id), 
	FOREIGN KEY(payment_id) REFERENCES bdquickpay_payment (id), 
	UNIQUE (payment_id, id), 
	UNIQUE (request_key), 
	UNIQUE (trx_id)
);
CREATE TABLE "order" (
	id INTEGER NOT NULL, 
	reference VARCHAR(16) NOT NULL, 
	total NUMERIC(12, 2) NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (reference)
);
INSERT INTO "order" VALUES(1,'completed',500,'paid');
INSERT INTO "order" VALUES(2,'pending',500,'new');
INSERT INTO "order" VALUES(3,'cancelled',500,'new');
INSERT INTO "order" VALUES(4,'failed',500,'new');
INSERT INTO "order" VALUES(5,'timed-out',500,'new');
INSERT INTO "order" VALUES(6,'flagged',500,'new');
INSERT INTO "order" VALUES(7,'accepted',500,'paid');
INSERT INTO "order" VALUES(8,'rejected',500,'new');
INSERT INTO "order" VALUES(9,'unanswered',500,'new');
INSERT INTO "order" VALUES(10,'unmailed',500,'paid');
CREATE INDEX ix_bdquickpay_payment_check_after ON bdquickpay_payment (check_after);
CREATE INDEX ix_bdquickpay_payment_created_at ON bdquickpay_payment (created_at);
CREATE INDEX ix_bdquickpay_payment_customer_reference ON bdquickpay_payment (customer_reference);
CREATE INDEX ix_bdquickpay_payment_lease ON bdquickpay_payment (lease);
CREATE INDEX ix_bdquickpay_payment_resolved_by ON bdquickpay_payment (resolved_by);
CREATE INDEX ix_bdquickpay_payment_status ON bdquickpay_payment (status);
CREATE INDEX ix_bdquickpay_payment_verified_at ON bdquickpay_payment (verified_at);
CREATE INDEX ix_bdquickpay_payment_event_deliver_after ON bdquickpay_payment_event (deliver_after);
CREATE INDEX ix_bdquickpay_payment_event_new_status ON bdquickpay_payment_event (new_status, created_at, source);
CREATE INDEX ix_bdquickpay_refund_sent_at ON bdquickpay_refund (sent_at);
COMMIT;
PRAGMA user_version = 0;
