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
  `updated_at` datetime(6) NOT NULL,
  `order_key` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `resolved_by` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  `asked_at` datetime(6) DEFAULT NULL,
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
  KEY `ix_bdquickpay_payment_status` (`status`)
) ENGINE=InnoDB AUTO_INCREMENT=11 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `bdquickpay_payment` VALUES (1,'V3JmRkZ4xuAVsY-ZRh5LrDKNM6azqjJzD5VrJb0nxB4','BDRX5M9M5I3VO20SLAHB','completed',500.00,'completed','pending',NULL,'http://127.0.0.1:35557/pay/bkash/VzNw8axh9NotePDK44-AHrjANw3lrAwx','Q50SY8WDXM','{\"order\": 1}','completed','2025-03-01 04:11:44.730914','2126-11-06 04:11:44.000000','2025-03-01 04:11:44.000000','2025-03-01 04:11:44.867229','completed',NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (2,'T-33Xz9PYm5es_xtIh6mjwDY6kjjKyXxOInzVvnIrNE','0DCU4VGL57OBBXPMKBSF','pending',500.00,'pending','created',NULL,'http://127.0.0.1:35557/pay/bkash/HGpE1udBMEAoeS8WcU2YpxT_G6PfMA3A',NULL,'{\"order\": 2}',NULL,'2025-03-01 04:11:44.895326','2126-11-06 04:11:45.000000',NULL,'2025-03-01 04:11:45.154379','pending',NULL,NULL,'2025-03-01 04:11:45.153479',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (3,'MAZo61zMSGsSIXl8sd8ytzqKxs1RPc9ou9ro8vMUnbE','LIBNE756H0VS1PQ2DZBF','cancelled',500.00,'cancelled','pending',NULL,'http://127.0.0.1:35557/pay/bkash/c94RmKb53K5dFvFQB9PSnwfbFQziXTNj',NULL,'{\"order\": 3}','pending','2025-03-01 04:11:45.313431','2126-11-06 04:11:45.000000',NULL,'2025-03-01 04:11:45.386075','cancelled',NULL,NULL,'2025-03-01 04:11:45.385335',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (4,'tNcQvuenI0_KcJkMJI1l7AEfUtcmXzrau08575Salvc','PH2LYEOLGFFIC1RP6MEL','failed',500.00,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:35557/pay/bkash/z7x_NDNXNHZExFEySkiCcwenaNGi9MS2',NULL,'{\"order\": 4}','failed','2025-03-01 04:11:45.846058','2126-11-06 04:11:45.000000',NULL,'2025-03-01 04:11:46.153138',NULL,NULL,NULL,'2025-03-01 04:11:46.146086',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (5,'9wXdL_TBwKYcV23HNwKqvTIbGFx_IA3bJfmKeqaG5Pc','U9TDTOW2ODV3J9VT96N8','timed-out',500.00,'failed','pending','the gateway reports that the payment failed','http://127.0.0.1:35557/pay/bkash/4Z9ktW0_c8_InqCDnR5rfhrzqBNy5wtB',NULL,'{\"order\": 5}','failed','2025-03-01 04:11:46.305185','2126-11-06 04:11:46.000000',NULL,'2025-03-01 04:11:46.456460',NULL,NULL,NULL,'2025-03-01 04:11:46.455885',0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (6,'BlccHanBCBgt1eufeLj2iiBEgtl-QBScfbIXYecwKr8','UGHDLNGK6ZE8BMDSE5AL','flagged',500.00,'flagged','pending','amount mismatch: 400 BDT were paid','http://127.0.0.1:35557/pay/bkash/XZ6SFZQryxfth5E5PQOzhZ33Km6nDYnT','Y9CQTZ74B9','{\"order\": 6}','completed','2025-03-01 04:11:46.466641','2126-11-06 04:11:46.000000','2025-03-01 04:11:46.000000','2025-03-01 04:11:46.545586','flagged',NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (7,'EcmCw-jNGV84TlkqXWzBQu_b7wj5BJDp6iNCkkxbn9g','DQMSNDDJGDGGPQWQMH7D','accepted',500.00,'completed','flagged','amount mismatch: 400 BDT were paid','http://127.0.0.1:35557/pay/bkash/eOLvAsFNesIzDmnzO2G32dhM2nSyheOk','X6AG1QSC5Z','{\"order\": 7}','completed','2025-03-01 04:11:46.566851','2126-11-06 04:11:46.000000','2025-03-01 04:11:46.000000','2025-03-01 04:11:46.921984','accepted','Mina',NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (8,'A-TbJc8vDi6IW3fbwAKZi-_-fmyyX-iN0IMf0Bs9MCY','Y8DG07O1US6XA2ANVLPE','rejected',500.00,'failed','flagged','rejected by the shop: checked','http://127.0.0.1:35557/pay/bkash/53rk_dM-9wX9MtM1T2vE8exKIibFEAxI','PLXT0Q3QDB','{\"order\": 8}','completed','2025-03-01 04:11:46.936293','2126-11-06 04:11:46.000000','2025-03-01 04:11:46.000000','2025-03-01 04:11:47.601343',NULL,'Mina',NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (9,'gI_Uc6chAr1AcuXCsBZL3uli_uR0Q0M5oCrVaJff2KU',NULL,'unanswered',500.00,'failed','created','the gateway\'s answer was lost: nobody was sent to pay',NULL,NULL,'{\"order\": 9}',NULL,'2025-03-01 04:11:47.662565',NULL,NULL,'2025-03-01 04:11:47.671268',NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO `bdquickpay_payment` VALUES (10,'R6sQahwnYQn_TYK__yTNwZzIimH9o2EPxjBlYOu4mU8','8OTJH6MAAL51AO2KET1T','unmailed',500.00,'completed','pending',NULL,'http://127.0.0.1:35557/pay/bkash/qgemrSYyt34_rlekK5_pVd4h6cc9TSIb','S07YKQRPRV','{\"order\": 10}','completed','2025-03-01 04:11:47.680860','2126-11-06 04:11:47.000000','2025-03-01 04:11:47.000000','2025-03-01 04:11:47.761185','unmailed',NULL,NULL,NULL,0,NULL);
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
  `deliver_after` datetime(6) DEFAULT NULL,
  `delivered_at` datetime(6) DEFAULT NULL,
  `attempts` int(11) NOT NULL,
  `error` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `payment_id` (`payment_id`,`id`),
  KEY `ix_bdquickpay_payment_event_deliver_after` (`deliver_after`),
  CONSTRAINT `bdquickpay_payment_event_ibfk_1` FOREIGN KEY (`payment_id`) REFERENCES `bdquickpay_payment` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=21 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `bdquickpay_payment_event` VALUES (1,1,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:44.782945',NULL,'2025-03-01 04:11:44.835481',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (2,1,'confirm','pending','completed','{\"invoice_id\": \"BDRX5M9M5I3VO20SLAHB\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"completed\", \"created_at\": \"2025-03-01T04:11:44+00:00\", \"expires_at\": \"2126-11-06T04:11:44+00:00\", \"transaction\": {\"trx_id\": \"Q50SY8WDXM\", \"payment_method\": \"bkash\", \"amount\": \"500\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:11:44+00:00\"}}',NULL,NULL,'2025-03-01 04:11:44.868854',NULL,'2025-03-01 04:11:44.881572',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (3,2,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:45.157418',NULL,'2025-03-01 04:11:45.225508',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (4,3,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:45.357367',NULL,'2025-03-01 04:11:45.370715',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (5,3,'cancel','pending','cancelled','{\"invoice_id\": \"LIBNE756H0VS1PQ2DZBF\", \"status\": \"pending\", \"amount\": \"500\", \"customer_reference\": null, \"created_at\": null, \"expires_at\": null, \"transaction\": null}',NULL,NULL,'2025-03-01 04:11:45.387315',NULL,'2025-03-01 04:11:45.407472',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (6,4,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:45.869749',NULL,'2025-03-01 04:11:46.021158',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (7,4,'confirm','pending','failed','{\"invoice_id\": \"PH2LYEOLGFFIC1RP6MEL\", \"status\": \"failed\", \"amount\": \"500\", \"customer_reference\": null, \"created_at\": null, \"expires_at\": null, \"transaction\": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:11:46.157793',NULL,'2025-03-01 04:11:46.218844',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (8,5,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:46.354232',NULL,'2025-03-01 04:11:46.364092',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (9,5,'confirm','pending','failed','{\"invoice_id\": \"U9TDTOW2ODV3J9VT96N8\", \"status\": \"failed\", \"amount\": \"500\", \"customer_reference\": null, \"created_at\": null, \"expires_at\": null, \"transaction\": null}','the gateway reports that the payment failed',NULL,'2025-03-01 04:11:46.457115',NULL,'2025-03-01 04:11:46.461053',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (10,6,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:46.484062',NULL,'2025-03-01 04:11:46.488356',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (11,6,'confirm','pending','flagged','{\"invoice_id\": \"UGHDLNGK6ZE8BMDSE5AL\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"flagged\", \"created_at\": \"2025-03-01T04:11:46+00:00\", \"expires_at\": \"2126-11-06T04:11:46+00:00\", \"transaction\": {\"trx_id\": \"Y9CQTZ74B9\", \"payment_method\": \"bkash\", \"amount\": \"400\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:11:46+00:00\"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:11:46.546476',NULL,'2025-03-01 04:11:46.560930',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (12,7,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:46.633767',NULL,'2025-03-01 04:11:46.637739',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (13,7,'confirm','pending','flagged','{\"invoice_id\": \"DQMSNDDJGDGGPQWQMH7D\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"accepted\", \"created_at\": \"2025-03-01T04:11:46+00:00\", \"expires_at\": \"2126-11-06T04:11:46+00:00\", \"transaction\": {\"trx_id\": \"X6AG1QSC5Z\", \"payment_method\": \"bkash\", \"amount\": \"400\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:11:46+00:00\"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:11:46.852820',NULL,'2025-03-01 04:11:46.898489',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (14,7,'cli','flagged','completed',NULL,'checked','Mina','2025-03-01 04:11:46.922880',NULL,'2025-03-01 04:11:46.928651',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (15,8,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:46.966467',NULL,'2025-03-01 04:11:46.970517',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (16,8,'confirm','pending','flagged','{\"invoice_id\": \"Y8DG07O1US6XA2ANVLPE\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"rejected\", \"created_at\": \"2025-03-01T04:11:46+00:00\", \"expires_at\": \"2126-11-06T04:11:46+00:00\", \"transaction\": {\"trx_id\": \"PLXT0Q3QDB\", \"payment_method\": \"bkash\", \"amount\": \"400\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:11:46+00:00\"}}','amount mismatch: 400 BDT were paid',NULL,'2025-03-01 04:11:47.517104',NULL,'2025-03-01 04:11:47.562082',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (17,8,'cli','flagged','failed',NULL,'checked','Mina','2025-03-01 04:11:47.601967',NULL,'2025-03-01 04:11:47.643488',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (18,9,'checkout','created','failed',NULL,'The gateway did not answer (ConnectionError).',NULL,'2025-03-01 04:11:47.672385',NULL,'2025-03-01 04:11:47.676193',1,NULL);
INSERT INTO `bdquickpay_payment_event` VALUES (19,10,'checkout','created','pending',NULL,NULL,NULL,'2025-03-01 04:11:47.700184','2025-03-01 04:12:17.704575',NULL,1,'ConnectionError: the mail server is down');
INSERT INTO `bdquickpay_payment_event` VALUES (20,10,'confirm','pending','completed','{\"invoice_id\": \"8OTJH6MAAL51AO2KET1T\", \"status\": \"completed\", \"amount\": \"500\", \"customer_reference\": \"unmailed\", \"created_at\": \"2025-03-01T04:11:47+00:00\", \"expires_at\": \"2126-11-06T04:11:47+00:00\", \"transaction\": {\"trx_id\": \"S07YKQRPRV\", \"payment_method\": \"bkash\", \"amount\": \"500\", \"status\": \"completed\", \"verified_at\": \"2025-03-01T04:11:47+00:00\"}}',NULL,NULL,'2025-03-01 04:11:47.761783','2025-03-01 04:12:17.767229',NULL,1,'ConnectionError: the mail server is down');
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
