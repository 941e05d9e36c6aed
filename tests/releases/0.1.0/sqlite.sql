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
	updated_at DATETIME NOT NULL, 
	order_key VARCHAR(255), 
	resolved_by VARCHAR(255), 
	asked_at DATETIME, 
	check_after DATETIME, 
	checks INTEGER NOT NULL, 
	lease VARCHAR(32), 
	PRIMARY KEY (id), 
	UNIQUE (invoice_id), 
	UNIQUE (order_key), 
	UNIQUE (token), 
	UNIQUE (trx_id)
);
INSERT INTO "bdquickpay_payment" VALUES(1,'kTIHHX7_s4IImRuydyUqCAoguOzOFLxL-b0sAk2drCA','E8ICNIHWKIQWL4JRRZN1','completed',500,'completed','pending',NULL,'http://127.0.0.1:38235/pay/bkash/sjIGEUv2A42K7t5eF0pdL887yqqN_0XA','OQEQ1VLK60','{"order": 1}','completed','2025-03-01 04:11:06.238421','2126-11-06 04:11:06.000000','2025-03-01 04:11:06.000000','2025-03-01 04:11:06.472612','completed',NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(2,'358B5c9nwWHkBHK20TGr2lOOQC4G_NMkI0PhY98dLUk','7RIDR8G110OMEU0KKKRP','pending',500,'pending','created',NULL,'http://127.0.0.1:38235/pay/bkash/HgcZQTf_JEyfk_g41-Uqqojv1R7ykPVi',NULL,'{"order": 2}',NULL,'2025-03-01 04:11:06.667534','2126-11-06 04:11:06.000000',NULL,'2025-03-01 04:11:06.715039','pending',NULL,NULL,'2025-03-01 04:11:06.714639',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(3,'3NNbOLTYNVFKj605XdzqIv_F8MPgSWZO264Viu5oJag','V0YJ8WKLZDKJ473G97QT','cancelled',500,'cancelled','pending',NULL,'http://127.0.0.1:38235/pay/bkash/YvxlSkPD6D10d17kF3pe1PRYrMsQeNd1',NULL,'{"order": 3}','pending','2025-03-01 04:11:06.818278','2126-11-06 04:11:06.000000',NULL,'2025-03-01 04:11:06.924817','cancelled',NULL,NULL,'2025-03-01 04:11:06.924498',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(4,'F_bMVRhYni0FHYisYm64-XOAD_22aig8RljXmwRRzCk','1LN8S5OF0AQGOEGLYF6P','failed',500,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:38235/pay/bkash/3P1xTusycn5hpCTxKudBeVtm0YRiwmm1',NULL,'{"order": 4}','failed','2025-03-01 04:11:07.199097','2126-11-06 04:11:07.000000',NULL,'2025-03-01 04:11:07.504464',NULL,NULL,NULL,'2025-03-01 04:11:07.504003',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(5,'2ogSAI1KMB_lu0I09g3JJBEc4oBFWB7D65-hr0z3P4A','KWDJEKJEDLDFGAA4G4JA','timed-out',500,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:38235/pay/bkash/i2r2TF1ZZHmKsb2wQmrUwIPcqlM_zVjG',NULL,'{"order": 5}','failed','2025-03-01 04:11:07.672834','2126-11-06 04:11:07.000000',NULL,'2025-03-01 04:11:08.172064',NULL,NULL,NULL,'2025-03-01 04:11:08.171696',0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(6,'A62NgJh2pdfjGfK6_TZuMgWfFz5sz99MDQeouGKL-OY','Y15WL7V9BIHJXP5RYOS6','flagged',500,'flagged','pending','amount mismatch: 400 BDT were paid','http://127.0.0.1:38235/pay/bkash/PL3Nv567VUzZwn_FDrRyuopeNgh0C8hS','56G08XVUTM','{"order": 6}','completed','2025-03-01 04:11:08.304067','2126-11-06 04:11:08.000000','2025-03-01 04:11:08.000000','2025-03-01 04:11:08.762983','flagged',NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(7,'QZSEb85FmRr4RVdwaufnV8VGjgZhqe4Lj2jFJxA8PvE','LG8SWKEUDL1MY2WJPVP3','accepted',500,'completed','flagged','amount mismatch: 400 BDT were paid','http://127.0.0.1:38235/pay/bkash/o-uRgDC8DkmZex5iTg_jjefI9H0rYH1A','RYDKZD3WKB','{"order": 7}','completed','2025-03-01 04:11:08.952175','2126-11-06 04:11:09.000000','2025-03-01 04:11:09.000000','2025-03-01 04:11:09.322156','accepted','Mina',NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(8,'I_WlLQrkt1-eDNF4WPXwZkOld3ZjHkZpXvLOnKYMFmI','GSXH3S11CAQO6AZRGHE5','rejected',500,'failed','flagged','rejected by the shop: checked','http://127.0.0.1:38235/pay/bkash/Im0FM8brjzoICghYllLEK8JqyhEJ2cnx','8M0WR8VUQS','{"order": 8}','completed','2025-03-01 04:11:09.526336','2126-11-06 04:11:09.000000','2025-03-01 04:11:09.000000','2025-03-01 04:11:09.738307',NULL,'Mina',NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(9,'EHbEEf2pvxa8KSuCFgFeu2KuXVCxPFyJ_5quxshCVhk',NULL,'unanswered',500,'failed','created','the gateway''s answer was lost: nobody was sent to pay',NULL,NULL,'{"order": 9}',NULL,'2025-03-01 04:11:09.875689',NULL,NULL,'2025-03-01 04:11:09.920971',NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO "bdquickpay_payment" VALUES(10,'LImt9GtXztwHIUIhEI5Sau0RVXDz0egHUl3A7966YLI','UQOQHYO1SQUF19D34J5O','unmailed',500,'completed','pending',NULL,'http://127.0.0.1:38235/pay/bkash/S7hpOvOCGqVpj7nVAhAaOt5DIEICwOXH','E8KC0PI7HB','{"order": 10}','completed','2025-03-01 04:11:10.047729','2126-11-06 04:11:10.000000','2025-03-01 04:11:10.000000','2025-03-01 04:11:10.257347','unmailed',NULL,NULL,NULL,0,NULL);
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
	deliver_after DATETIME, 
	delivered_at DATETIME, 
	attempts INTEGER NOT NULL, 
	error TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(payment_id) REFERENCES bdquickpay_payment (id), 
	UNIQUE (payment_id, id)
);
INSERT INTO "bdquickpay_payment_event" VALUES(1,1,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:06.352829',NULL,'2025-03-01 04:11:06.390190',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(2,1,'confirm','pending','completed','{"invoice_id": "E8ICNIHWKIQWL4JRRZN1", "status": "completed", "amount": "500", "customer_reference": "completed", "created_at": "2025-03-01T04:11:06+00:00", "expires_at": "2126-11-06T04:11:06+00:00", "transaction": {"trx_id": "OQEQ1VLK60", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:11:06+00:00"}}',NULL,NULL,'2025-03-01 04:11:06.474265',NULL,'2025-03-01 04:11:06.596159',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(3,2,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:06.715663',NULL,'2025-03-01 04:11:06.762684',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(4,3,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:06.883339',NULL,'2025-03-01 04:11:06.900595',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(5,3,'cancel','pending','cancelled','{"invoice_id": "V0YJ8WKLZDKJ473G97QT", "status": "pending", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}',NULL,NULL,'2025-03-01 04:11:06.926019',NULL,'2025-03-01 04:11:06.946834',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(6,4,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:07.390910',NULL,'2025-03-01 04:11:07.434998',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(7,4,'confirm','pending','failed','{"invoice_id": "1LN8S5OF0AQGOEGLYF6P", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:11:07.506546',NULL,'2025-03-01 04:11:07.620316',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(8,5,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:07.743286',NULL,'2025-03-01 04:11:07.987477',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(9,5,'confirm','pending','failed','{"invoice_id": "KWDJEKJEDLDFGAA4G4JA", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:11:08.187513',NULL,'2025-03-01 04:11:08.254537',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(10,6,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:08.491386',NULL,'2025-03-01 04:11:08.594756',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(11,6,'confirm','pending','flagged','{"invoice_id": "Y15WL7V9BIHJXP5RYOS6", "status": "completed", "amount": "500", "customer_reference": "flagged", "created_at": "2025-03-01T04:11:08+00:00", "expires_at": "2126-11-06T04:11:08+00:00", "transaction": {"trx_id": "56G08XVUTM", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:11:08+00:00"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:11:08.763503',NULL,'2025-03-01 04:11:08.810327',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(12,7,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:09.071559',NULL,'2025-03-01 04:11:09.106491',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(13,7,'confirm','pending','flagged','{"invoice_id": "LG8SWKEUDL1MY2WJPVP3", "status": "completed", "amount": "500", "customer_reference": "accepted", "created_at": "2025-03-01T04:11:09+00:00", "expires_at": "2126-11-06T04:11:09+00:00", "transaction": {"trx_id": "RYDKZD3WKB", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:11:09+00:00"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:11:09.184455',NULL,'2025-03-01 04:11:09.284208',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(14,7,'cli','flagged','completed',NULL,'checked','Mina','2025-03-01 04:11:09.351841',NULL,'2025-03-01 04:11:09.470426',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(15,8,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:09.613956',NULL,'2025-03-01 04:11:09.650671',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(16,8,'confirm','pending','flagged','{"invoice_id": "GSXH3S11CAQO6AZRGHE5", "status": "completed", "amount": "500", "customer_reference": "rejected", "created_at": "2025-03-01T04:11:09+00:00", "expires_at": "2126-11-06T04:11:09+00:00", "transaction": {"trx_id": "8M0WR8VUQS", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:11:09+00:00"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:11:09.708811',NULL,'2025-03-01 04:11:09.732293',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(17,8,'cli','flagged','failed',NULL,'checked','Mina','2025-03-01 04:11:09.738713',NULL,'2025-03-01 04:11:09.821957',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(18,9,'checkout','created','failed',NULL,'The gateway did not answer (ConnectionError).',NULL,'2025-03-01 04:11:09.922049',NULL,'2025-03-01 04:11:09.974825',1,NULL);
INSERT INTO "bdquickpay_payment_event" VALUES(19,10,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:10.137024','2025-03-01 04:11:40.186409',NULL,1,'ConnectionError: the mail server is down');
INSERT INTO "bdquickpay_payment_event" VALUES(20,10,'confirm','pending','completed','{"invoice_id": "UQOQHYO1SQUF19D34J5O", "status": "completed", "amount": "500", "customer_reference": "unmailed", "created_at": "2025-03-01T04:11:10+00:00", "expires_at": "2126-11-06T04:11:10+00:00", "transaction": {"trx_id": "E8KC0PI7HB", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:11:10+00:00"}}',NULL,NULL,'2025-03-01 04:11:10.257843','2025-03-01 04:11:40.311559',NULL,1,'ConnectionError: the mail server is down');
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
CREATE INDEX ix_bdquickpay_payment_status ON bdquickpay_payment (status);
CREATE INDEX ix_bdquickpay_payment_event_deliver_after ON bdquickpay_payment_event (deliver_after);
COMMIT;
PRAGMA user_version = 0;
