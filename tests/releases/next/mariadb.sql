CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `alembic_version` VALUES ('first');
CREATE TABLE `bdquickpay_payment` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `token` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `invoice_id` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `customer_reference` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `amount` decimal(12,2) NOT NULL,
  `status` varchar(20) NOT NULL,
  `previous_status` varchar(20) DEFAULT NULL,
  `reason` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `payment_url` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `trx_id` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `payment_metadata` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`payment_metadata`)),
  `gateway_status` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) DEFAULT NULL,
  `verified_at` datetime(6) DEFAULT NULL,
  `received_amount` decimal(12,2) DEFAULT NULL,
  `refunded_amount` decimal(12,2) NOT NULL DEFAULT 0.00,
  `cleared_at` datetime(6) DEFAULT NULL,
  `fee` decimal(12,2) DEFAULT NULL,
  `account` varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  `label` varchar(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `lines` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`lines`)),
  `channel` varchar(10) DEFAULT NULL,
  `erased_at` datetime(6) DEFAULT NULL,
  `announced_at` datetime(6) DEFAULT NULL,
  `problem` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `made_with` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `made_for` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `promised_at` datetime(6) DEFAULT NULL,
  `updated_at` datetime(6) NOT NULL,
  `order_key` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `resolved_by` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `asked_at` datetime(6) DEFAULT NULL,
  `answered_at` datetime(6) DEFAULT NULL,
  `check_after` datetime(6) DEFAULT NULL,
  `checks` int(11) NOT NULL,
  `lease` varchar(32) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `token` (`token`),
  UNIQUE KEY `invoice_id` (`invoice_id`),
  UNIQUE KEY `order_key` (`order_key`),
  UNIQUE KEY `trx_id` (`trx_id`),
  KEY `ix_bdquickpay_payment_check_after` (`check_after`),
  KEY `ix_bdquickpay_payment_created_at` (`created_at`),
  KEY `ix_bdquickpay_payment_customer_reference` (`customer_reference`),
  KEY `ix_bdquickpay_payment_lease` (`lease`),
  KEY `ix_bdquickpay_payment_resolved_by` (`resolved_by`),
  KEY `ix_bdquickpay_payment_status` (`status`),
  KEY `ix_bdquickpay_payment_verified_at` (`verified_at`),
  CONSTRAINT `ck_bdquickpay_payment_refunded` CHECK (`refunded_amount` = 0 or `refunded_amount` > 0 and `refunded_amount` <= `received_amount`)
) ENGINE=InnoDB AUTO_INCREMENT=11 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `bdquickpay_payment` VALUES (1,'FL5IHn5TP0OEawA7Wyz2V2HCKVt-VQumt-7UFyBOU-g','Y98VJF2U9YJQBJ58OD6O','completed',500.00,'completed','pending',NULL,'http://127.0.0.1:43599/pay/bkash/eHNll42PIkI9GAqXJSKl_SCSfJQLm1BM','HA8AQV325L','{\"order\": 1}','completed','2025-03-01 04:12:48.114248','2126-11-06 04:12:48.000000','2025-03-01 04:12:48.000000',500.00,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,'2025-03-01 04:12:48.309453',NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:48.310128','completed',NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (2,'VMQZNT2LAIIIflseMdR77RlBvWSe6GafBOofUCpXlW0','8CWFCL3BFBGKLRKCOBON','pending',500.00,'pending','created',NULL,'http://127.0.0.1:43599/pay/bkash/nlbXBWeKqKLhK8vc2gbJMM_Q8v49ud5y',NULL,'{\"order\": 2}',NULL,'2025-03-01 04:12:48.372138','2126-11-06 04:12:48.000000',NULL,NULL,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:48.386640','pending',NULL,NULL,NULL,'2025-03-01 04:12:48.386049',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (3,'X6gzDcZJkwXpeAImIYCgMsd_BtE01Ux9wNiuwZD8Czg','QWX63NGDYUFWDW8GXOE4','cancelled',500.00,'cancelled','pending',NULL,'http://127.0.0.1:43599/pay/bkash/lNsNu4R45xE26iZpzOhhNtiyVTTELsmC',NULL,'{\"order\": 3}','pending','2025-03-01 04:12:48.428400','2126-11-06 04:12:48.000000',NULL,NULL,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:48.477043','cancelled',NULL,'2025-03-01 04:12:48.469363','2025-03-01 04:12:48.493145','2025-03-01 04:12:48.476701',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (4,'QwR9B66sdVSnDXD7xwpDUyr70sQKmjqk81b3lCdLWTI','SKDQL07B4BX139JYUCSX','failed',500.00,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:43599/pay/bkash/Pf6MwUf7-jFVveS8MAj1F_Irx64t5LoY',NULL,'{\"order\": 4}','failed','2025-03-01 04:12:48.769155','2126-11-06 04:12:48.000000',NULL,NULL,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:48.925399',NULL,NULL,NULL,NULL,'2025-03-01 04:12:48.911720',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (5,'PvWWw5l2BTBQDQgLWW7optDcRtcp1zJM9qkXowe-XVg','00DOHGQAI2RL5TA42J6X','timed-out',500.00,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:43599/pay/bkash/6sP92nQtaK_jypkMTxWtdzN0HNFf_Ajj',NULL,'{\"order\": 5}','failed','2025-03-01 04:12:48.983218','2126-11-06 04:12:48.000000',NULL,NULL,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:49.061964',NULL,NULL,NULL,NULL,'2025-03-01 04:12:49.061175',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (6,'WVcv06_jQqisH4u0YP2dUOVB4nZZtjrZuGLILqV9jLg','WET0H3FV87KRZF55081N','flagged',500.00,'flagged','pending','amount mismatch: 400 BDT were paid','http://127.0.0.1:43599/pay/bkash/U7_j32vGgRYvw3YlRLiflBSI2aOVCDvy','T232RI7Q4H','{\"order\": 6}','completed','2025-03-01 04:12:49.074467','2126-11-06 04:12:49.000000','2025-03-01 04:12:49.000000',400.00,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:49.204714','flagged',NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (7,'hewkJNtPxRMEO2VYNkwrLXcZUrAZWKB4PLTWycwWeDI','GAG38P4S6CZNTAB4YRDS','accepted',500.00,'completed','flagged','amount mismatch: 400 BDT were paid','http://127.0.0.1:43599/pay/bkash/JzCAXazsCqiORKn3YiJrTtK-3vla6aOg','TYRZEGK1S3','{\"order\": 7}','completed','2025-03-01 04:12:49.267622','2126-11-06 04:12:49.000000','2025-03-01 04:12:49.000000',400.00,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,'2025-03-01 04:12:49.721502',NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:49.725154','accepted','Mina',NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (8,'FJDE8pGlmCblSwjZ47-sC7_Ih2YZpFPwzO3720-M1Q8','LVPJA6P4FG179Y1AN92Z','rejected',500.00,'failed','flagged','rejected by the shop','http://127.0.0.1:43599/pay/bkash/5jRvxufKCOPzNe6D7RrZcn9_pA4WsdDo','PHTDRKO2OC','{\"order\": 8}','completed','2025-03-01 04:12:49.821036','2126-11-06 04:12:49.000000','2025-03-01 04:12:49.000000',400.00,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:49.973782',NULL,'Mina',NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (9,'Kg6uxSvoZPGwgzD5hQmSnw5--tjFjNDjKAcjKT3fUow',NULL,'unanswered',500.00,'failed','created','the gateway\'s answer was lost: nobody was sent to pay',NULL,NULL,'{\"order\": 9}',NULL,'2025-03-01 04:12:49.995189',NULL,NULL,NULL,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,NULL,NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:50.003707',NULL,NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (10,'nXMy504y5NU5MvfSzNMo465EtVK4QDw7yog38oz9zEg','17KBADLKDDICTRNQN63W','unmailed',500.00,'completed','pending',NULL,'http://127.0.0.1:43599/pay/bkash/FshUE7jRs9jNU8Xnf1-H0-OPw_HMY0m7','LK6SP6OGI0','{\"order\": 10}','completed','2025-03-01 04:12:50.020164','2126-11-06 04:12:50.000000','2025-03-01 04:12:50.000000',500.00,0.00,NULL,NULL,'',NULL,NULL,'api',NULL,'2025-03-01 04:12:50.090150',NULL,'sandbox','http://shop.example',NULL,'2025-03-01 04:12:50.092851','unmailed',NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE `bdquickpay_payment_event` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `payment_id` bigint(20) NOT NULL,
  `source` varchar(20) NOT NULL,
  `old_status` varchar(20) NOT NULL,
  `new_status` varchar(20) DEFAULT NULL,
  `gateway_answer` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`gateway_answer`)),
  `note` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `actor` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `refund_id` bigint(20) DEFAULT NULL,
  `count` int(11) NOT NULL DEFAULT 1,
  `repeated_at` datetime(6) DEFAULT NULL,
  `deliver_after` datetime(6) DEFAULT NULL,
  `delivered_at` datetime(6) DEFAULT NULL,
  `attempts` int(11) NOT NULL,
  `error` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `payment_id` (`payment_id`,`id`),
  KEY `ix_bdquickpay_payment_event_deliver_after` (`deliver_after`),
  KEY `ix_bdquickpay_payment_event_new_status` (`new_status`,`created_at`,`source`),
  CONSTRAINT `bdquickpay_payment_event_ibfk_1` FOREIGN KEY (`payment_id`) REFERENCES `bdquickpay_payment` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=21 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `bdquickpay_payment_event` VALUES (1,1,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:48.213306',NULL,1,NULL,NULL,'2025-03-01 04:12:48.258637',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (2,1,'confirm','pending','completed','{\"invoice_id\": \"Y98VJF2U9YJQBJ58OD6O\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"completed\", \"created_at\": \"2025-03-01T04:12:48+00:00\", \"expires_at\": \"2126-11-06T04:12:48+00:00\", \"transaction\": {\"trx_id\": \"HA8AQV325L\", \"payment_method\": \"bkash\", \"amount\": \"500\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:12:48+00:00\"}}',NULL,NULL,'2025-03-01 04:12:48.317280',NULL,1,NULL,NULL,'2025-03-01 04:12:48.353184',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (3,2,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:48.390462',NULL,1,NULL,NULL,'2025-03-01 04:12:48.397292',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (4,3,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:48.458438',NULL,1,NULL,NULL,'2025-03-01 04:12:48.463107',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (5,3,'cancel','pending','cancelled','{\"invoice_id\": \"QWX63NGDYUFWDW8GXOE4\", \"status\": \"pending\", \"amount\": \"500\", \"customer_reference\": null, \"created_at\": null, \"expires_at\": null, \"transaction\": null}',NULL,NULL,'2025-03-01 04:12:48.479890',NULL,1,NULL,NULL,'2025-03-01 04:12:48.485195',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (6,4,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:48.816100',NULL,1,NULL,NULL,'2025-03-01 04:12:48.845420',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (7,4,'confirm','pending','failed','{\"invoice_id\": \"SKDQL07B4BX139JYUCSX\", \"status\": \"failed\", \"amount\": \"500\", \"customer_reference\": null, \"created_at\": null, \"expires_at\": null, \"transaction\": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:12:48.926923',NULL,1,NULL,NULL,'2025-03-01 04:12:48.957423',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (8,5,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:49.020598',NULL,1,NULL,NULL,'2025-03-01 04:12:49.032473',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (9,5,'confirm','pending','failed','{\"invoice_id\": \"00DOHGQAI2RL5TA42J6X\", \"status\": \"failed\", \"amount\": \"500\", \"customer_reference\": null, \"created_at\": null, \"expires_at\": null, \"transaction\": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:12:49.062636',NULL,1,NULL,NULL,'2025-03-01 04:12:49.065597',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (10,6,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:49.097635',NULL,1,NULL,NULL,'2025-03-01 04:12:49.125644',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (11,6,'confirm','pending','flagged','{\"invoice_id\": \"WET0H3FV87KRZF55081N\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"flagged\", \"created_at\": \"2025-03-01T04:12:49+00:00\", \"expires_at\": \"2126-11-06T04:12:49+00:00\", \"transaction\": {\"trx_id\": \"T232RI7Q4H\", \"payment_method\": \"bkash\", \"amount\": \"400\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:12:49+00:00\"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:12:49.206957',NULL,1,NULL,NULL,'2025-03-01 04:12:49.217174',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (12,7,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:49.325694',NULL,1,NULL,NULL,'2025-03-01 04:12:49.343208',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (13,7,'confirm','pending','flagged','{\"invoice_id\": \"GAG38P4S6CZNTAB4YRDS\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"accepted\", \"created_at\": \"2025-03-01T04:12:49+00:00\", \"expires_at\": \"2126-11-06T04:12:49+00:00\", \"transaction\": {\"trx_id\": \"TYRZEGK1S3\", \"payment_method\": \"bkash\", \"amount\": \"400\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:12:49+00:00\"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:12:49.401144',NULL,1,NULL,NULL,'2025-03-01 04:12:49.416438',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (14,7,'cli','flagged','completed',NULL,'checked','Mina','2025-03-01 04:12:49.729093',NULL,1,NULL,NULL,'2025-03-01 04:12:49.778783',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (15,8,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:49.884154',NULL,1,NULL,NULL,'2025-03-01 04:12:49.917229',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (16,8,'confirm','pending','flagged','{\"invoice_id\": \"LVPJA6P4FG179Y1AN92Z\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"rejected\", \"created_at\": \"2025-03-01T04:12:49+00:00\", \"expires_at\": \"2126-11-06T04:12:49+00:00\", \"transaction\": {\"trx_id\": \"PHTDRKO2OC\", \"payment_method\": \"bkash\", \"amount\": \"400\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:12:49+00:00\"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:12:49.965284',NULL,1,NULL,NULL,'2025-03-01 04:12:49.968072',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (17,8,'cli','flagged','failed',NULL,'checked','Mina','2025-03-01 04:12:49.974750',NULL,1,NULL,NULL,'2025-03-01 04:12:49.982339',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (18,9,'checkout','created','failed',NULL,'The gateway did not answer (ConnectionError).',NULL,'2025-03-01 04:12:50.005170',NULL,1,NULL,NULL,'2025-03-01 04:12:50.011492',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (19,10,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:12:50.029501',NULL,1,NULL,'2025-03-01 04:13:50.032518',NULL,1,'ConnectionError: the mail server is down');
INSERT INTO `bdquickpay_payment_event` VALUES (20,10,'confirm','pending','completed','{\"invoice_id\": \"17KBADLKDDICTRNQN63W\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"unmailed\", \"created_at\": \"2025-03-01T04:12:50+00:00\", \"expires_at\": \"2126-11-06T04:12:50+00:00\", \"transaction\": {\"trx_id\": \"LK6SP6OGI0\", \"payment_method\": \"bkash\", \"amount\": \"500\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:12:50+00:00\"}}',NULL,NULL,'2025-03-01 04:12:50.093669',NULL,1,NULL,'2025-03-01 04:13:50.133327',NULL,1,'ConnectionError: the mail server is down');
CREATE TABLE `bdquickpay_refund` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `payment_id` bigint(20) NOT NULL,
  `amount` decimal(12,2) NOT NULL,
  `state` varchar(10) NOT NULL,
  `method` varchar(10) NOT NULL,
  `trx_id` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `voided_trx_id` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `sent_at` datetime(6) NOT NULL,
  `reason` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `note` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `created_by` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `voided_at` datetime(6) DEFAULT NULL,
  `voided_by` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `void_note` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `cleared_at` datetime(6) DEFAULT NULL,
  `request_key` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `payment_id` (`payment_id`,`id`),
  UNIQUE KEY `request_key` (`request_key`),
  UNIQUE KEY `trx_id` (`trx_id`),
  KEY `ix_bdquickpay_refund_sent_at` (`sent_at`),
  CONSTRAINT `bdquickpay_refund_ibfk_1` FOREIGN KEY (`payment_id`) REFERENCES `bdquickpay_payment` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
CREATE TABLE `order` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `reference` varchar(16) NOT NULL,
  `total` decimal(12,2) NOT NULL,
  `status` varchar(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `reference` (`reference`)
) ENGINE=InnoDB AUTO_INCREMENT=11 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `order` VALUES (1,'completed',500.00,'paid');
INSERT INTO `order` VALUES (2,'pending',500.00,'new');
INSERT INTO `order` VALUES (3,'cancelled',500.00,'new');
INSERT INTO `order` VALUES (4,'failed',500.00,'new');
INSERT INTO `order` VALUES (5,'timed-out',500.00,'new');
INSERT INTO `order` VALUES (6,'flagged',500.00,'new');
INSERT INTO `order` VALUES (7,'accepted',500.00,'paid');
INSERT INTO `order` VALUES (8,'rejected',500.00,'new');
INSERT INTO `order` VALUES (9,'unanswered',500.00,'new');
INSERT INTO `order` VALUES (10,'unmailed',500.00,'paid');
