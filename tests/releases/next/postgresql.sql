CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.bdquickpay_payment (
    id bigint NOT NULL,
    token character varying(64) NOT NULL,
    invoice_id character varying(128),
    customer_reference character varying(255) NOT NULL,
    amount numeric(12,2) NOT NULL,
    status character varying(20) NOT NULL,
    previous_status character varying(20),
    reason text,
    payment_url text,
    trx_id character varying(128),
    payment_metadata json,
    gateway_status character varying(64),
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    verified_at timestamp with time zone,
    received_amount numeric(12,2),
    refunded_amount numeric(12,2) DEFAULT '0'::numeric NOT NULL,
    cleared_at timestamp with time zone,
    fee numeric(12,2),
    account character varying(40) DEFAULT ''::character varying NOT NULL,
    label character varying(80),
    lines json,
    channel character varying(10),
    erased_at timestamp with time zone,
    announced_at timestamp with time zone,
    problem text,
    made_with character varying(64),
    made_for character varying(255),
    promised_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    order_key character varying(255),
    resolved_by character varying(255),
    asked_at timestamp with time zone,
    answered_at timestamp with time zone,
    check_after timestamp with time zone,
    checks integer NOT NULL,
    lease character varying(32),
    CONSTRAINT ck_bdquickpay_payment_refunded CHECK (((refunded_amount = (0)::numeric) OR ((refunded_amount > (0)::numeric) AND (refunded_amount <= received_amount))))
);
CREATE TABLE public.bdquickpay_payment_event (
    id bigint NOT NULL,
    payment_id bigint NOT NULL,
    source character varying(20) NOT NULL,
    old_status character varying(20) NOT NULL,
    new_status character varying(20),
    gateway_answer json,
    note text,
    actor character varying(255),
    created_at timestamp with time zone NOT NULL,
    refund_id bigint,
    count integer DEFAULT 1 NOT NULL,
    repeated_at timestamp with time zone,
    deliver_after timestamp with time zone,
    delivered_at timestamp with time zone,
    attempts integer NOT NULL,
    error text
);
CREATE SEQUENCE public.bdquickpay_payment_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.bdquickpay_payment_event_id_seq OWNED BY public.bdquickpay_payment_event.id;
CREATE SEQUENCE public.bdquickpay_payment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.bdquickpay_payment_id_seq OWNED BY public.bdquickpay_payment.id;
CREATE TABLE public.bdquickpay_refund (
    id bigint NOT NULL,
    payment_id bigint NOT NULL,
    amount numeric(12,2) NOT NULL,
    state character varying(10) NOT NULL,
    method character varying(10) NOT NULL,
    trx_id character varying(128),
    voided_trx_id character varying(128),
    sent_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    note text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by character varying(255) NOT NULL,
    voided_at timestamp with time zone,
    voided_by character varying(255),
    void_note text,
    cleared_at timestamp with time zone,
    request_key character varying(128)
);
CREATE SEQUENCE public.bdquickpay_refund_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.bdquickpay_refund_id_seq OWNED BY public.bdquickpay_refund.id;
CREATE TABLE public."order" (
    id integer NOT NULL,
    reference character varying(16) NOT NULL,
    total numeric(12,2) NOT NULL,
    status character varying(20) NOT NULL
);
CREATE SEQUENCE public.order_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.order_id_seq OWNED BY public."order".id;
ALTER TABLE ONLY public.bdquickpay_payment ALTER COLUMN id SET DEFAULT nextval('public.bdquickpay_payment_id_seq'::regclass);
ALTER TABLE ONLY public.bdquickpay_payment_event ALTER COLUMN id SET DEFAULT nextval('public.bdquickpay_payment_event_id_seq'::regclass);
ALTER TABLE ONLY public.bdquickpay_refund ALTER COLUMN id SET DEFAULT nextval('public.bdquickpay_refund_id_seq'::regclass);
ALTER TABLE ONLY public."order" ALTER COLUMN id SET DEFAULT nextval('public.order_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('first');
INSERT INTO public.bdquickpay_payment VALUES (1, 'kkAM8gj-sumWFeTfLkaDnp7ShfTRHGP1VkACqU9cyrU', 'WMDECCTNELC2SADJXT4E', 'completed', 500.00, 'completed', 'pending', NULL, 'http://127.0.0.1:35137/pay/bkash/0Hvx57krOTH2FhjT2pjKWES1ox3a5nmD', '2137RBV9SZ', '{"order": 1}', 'completed', '2025-03-01 04:12:24.608035+00', '2126-11-06 04:12:24+00', '2025-03-01 04:12:24+00', 500.00, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, '2025-03-01 04:12:24.925876+00', NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:24.926623+00', 'completed', NULL, NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (2, 'mWRL4TCRD5VPyd8WGKCB8HoxzUjbCONn64Vp67povlg', '1IV6WJPQYADH5TAOWX33', 'pending', 500.00, 'pending', 'created', NULL, 'http://127.0.0.1:35137/pay/bkash/IAqD7HSwTIm90Pw_8ap9v7STcRBAPwA_', NULL, '{"order": 2}', NULL, '2025-03-01 04:12:25.260988+00', '2126-11-06 04:12:25+00', NULL, NULL, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, NULL, NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:25.306841+00', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:25.304021+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (3, 'QslELaLHlY-O32fEmcB0g7ThobrWJuXSPmz9jT7bSQA', '77Q74MZQ167MOQTTE9AQ', 'cancelled', 500.00, 'cancelled', 'pending', NULL, 'http://127.0.0.1:35137/pay/bkash/5fnT9pK5X0ta-AAd6gE-tMz2Ya4LEuiA', NULL, '{"order": 3}', 'pending', '2025-03-01 04:12:25.486185+00', '2126-11-06 04:12:25+00', NULL, NULL, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, NULL, NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:25.726069+00', 'cancelled', NULL, '2025-03-01 04:12:25.6952+00', '2025-03-01 04:12:25.74511+00', '2025-03-01 04:12:25.725434+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (4, 'MnENireBH5K31Lhro88R_Z_mupURQhQjjzJQbPONtls', 'MRLHMMWQQ1QERKQV68M2', 'failed', 500.00, 'failed', 'pending', 'the gateway reports that the payment failed', 'http://127.0.0.1:35137/pay/bkash/F8qhX4uqtJ42t4QCRU5tU8cMFK2lt4gV', NULL, '{"order": 4}', 'failed', '2025-03-01 04:12:26.984831+00', '2126-11-06 04:12:27+00', NULL, NULL, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, NULL, NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:27.379672+00', NULL, NULL, NULL, NULL, '2025-03-01 04:12:27.378823+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (5, 'OoHPNBxArJcZXlvh9ZNIlg2Yo07xUl-C7Xaj5UH5x8A', '8QXSN4N9Y5PV172UL835', 'timed-out', 500.00, 'failed', 'pending', 'the gateway reports that the payment failed', 'http://127.0.0.1:35137/pay/bkash/NNbsERoaRFJSoqDRVRTfCx0J8j2oIxpD', NULL, '{"order": 5}', 'failed', '2025-03-01 04:12:27.465052+00', '2126-11-06 04:12:27+00', NULL, NULL, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, NULL, NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:27.678274+00', NULL, NULL, NULL, NULL, '2025-03-01 04:12:27.677471+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (6, '216iYJPmOI_P3v61ewVUJVXscODChLgRi4uR6Ui30kk', 'DTD4RNCS594LAOKQT2MR', 'flagged', 500.00, 'flagged', 'pending', 'amount mismatch: 400 BDT were paid', 'http://127.0.0.1:35137/pay/bkash/bYoHjEv9CfKalB9v5YjTxr2wkHPvY9E0', '2K3WDWEX2Z', '{"order": 6}', 'completed', '2025-03-01 04:12:27.762517+00', '2126-11-06 04:12:27+00', '2025-03-01 04:12:27+00', 400.00, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, NULL, NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:27.899999+00', 'flagged', NULL, NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (7, 'mm5Nq7zyx-2JXdjaM5Qt-ymYGEg1cRABL_GyohzVH40', 'BRSXQTXYAJBUQ0NELKF2', 'accepted', 500.00, 'completed', 'flagged', 'amount mismatch: 400 BDT were paid', 'http://127.0.0.1:35137/pay/bkash/-yQTGjZK2YBxUMIm6lV9puGeE80J1xiR', 'QC8X5RA1L4', '{"order": 7}', 'completed', '2025-03-01 04:12:27.998983+00', '2126-11-06 04:12:28+00', '2025-03-01 04:12:28+00', 400.00, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, '2025-03-01 04:12:29.355084+00', NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:29.377187+00', 'accepted', 'Mina', NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (8, 'cKgCP4ONJVq9k9vJoMspnd8zoZN9LoI2ERUR7YRNJOg', 'IGJ4064FZ2ZGCXG04TCS', 'rejected', 500.00, 'failed', 'flagged', 'rejected by the shop', 'http://127.0.0.1:35137/pay/bkash/UU-YZHgHRSY2m9_P7bA1mkYSDo6_--9S', 'LZ97ZVO01J', '{"order": 8}', 'completed', '2025-03-01 04:12:30.377221+00', '2126-11-06 04:12:30+00', '2025-03-01 04:12:30+00', 400.00, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, NULL, NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:30.674745+00', NULL, 'Mina', NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (9, 'PIRsfjvVl-l9fJx8YxF7VAHYZKOSZP3FOn8EtBTxZ9Y', NULL, 'unanswered', 500.00, 'failed', 'created', 'the gateway''s answer was lost: nobody was sent to pay', NULL, NULL, '{"order": 9}', NULL, '2025-03-01 04:12:30.805109+00', NULL, NULL, NULL, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, NULL, NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:30.844133+00', NULL, NULL, NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (10, 'CydX8fCPv7tVVd6xeYvdo-t7DgpP0Af05hfeq7eDmMQ', '7GX1T50UY4DB3G3OCK3B', 'unmailed', 500.00, 'completed', 'pending', NULL, 'http://127.0.0.1:35137/pay/bkash/GiA7bwAnRGIF86L6vx-dRnQGiMPCK7sB', 'P8JHCJ3GEK', '{"order": 10}', 'completed', '2025-03-01 04:12:30.941126+00', '2126-11-06 04:12:30+00', '2025-03-01 04:12:31+00', 500.00, 0.00, NULL, NULL, '', NULL, NULL, 'api', NULL, '2025-03-01 04:12:31.085765+00', NULL, 'sandbox', 'http://shop.example', NULL, '2025-03-01 04:12:31.094216+00', 'unmailed', NULL, NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (1, 1, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:24.695399+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:24.767079+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (2, 1, 'confirm', 'pending', 'completed', '{"invoice_id": "WMDECCTNELC2SADJXT4E", "status": "completed", "amount": "500", "customer_reference": "completed", "created_at": "2025-03-01T04:12:24+00:00", "expires_at": "2126-11-06T04:12:24+00:00", "transaction": {"trx_id": "2137RBV9SZ", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:12:24+00:00"}}', NULL, NULL, '2025-03-01 04:12:24.938001+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:25.035639+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (3, 2, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:25.307884+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:25.331626+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (4, 3, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:25.566439+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:25.607224+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (5, 3, 'cancel', 'pending', 'cancelled', '{"invoice_id": "77Q74MZQ167MOQTTE9AQ", "status": "pending", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}', NULL, NULL, '2025-03-01 04:12:25.728385+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:25.735924+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (6, 4, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:27.246578+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:27.275816+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (7, 4, 'confirm', 'pending', 'failed', '{"invoice_id": "MRLHMMWQQ1QERKQV68M2", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}', 'the gateway reports that the payment failed', NULL, '2025-03-01 04:12:27.381505+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:27.38795+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (8, 5, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:27.526111+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:27.585417+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (9, 5, 'confirm', 'pending', 'failed', '{"invoice_id": "8QXSN4N9Y5PV172UL835", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}', 'the gateway reports that the payment failed', NULL, '2025-03-01 04:12:27.679114+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:27.692015+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (10, 6, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:27.833861+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:27.845966+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (11, 6, 'confirm', 'pending', 'flagged', '{"invoice_id": "DTD4RNCS594LAOKQT2MR", "status": "completed", "amount": "500", "customer_reference": "flagged", "created_at": "2025-03-01T04:12:27+00:00", "expires_at": "2126-11-06T04:12:27+00:00", "transaction": {"trx_id": "2K3WDWEX2Z", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:12:27+00:00"}}', 'amount mismatch: 400 BDT were paid', NULL, '2025-03-01 04:12:27.901566+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:27.906129+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (12, 7, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:28.106836+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:28.27391+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (13, 7, 'confirm', 'pending', 'flagged', '{"invoice_id": "BRSXQTXYAJBUQ0NELKF2", "status": "completed", "amount": "500", "customer_reference": "accepted", "created_at": "2025-03-01T04:12:28+00:00", "expires_at": "2126-11-06T04:12:28+00:00", "transaction": {"trx_id": "QC8X5RA1L4", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:12:28+00:00"}}', 'amount mismatch: 400 BDT were paid', NULL, '2025-03-01 04:12:28.417405+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:28.482186+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (14, 7, 'cli', 'flagged', 'completed', NULL, 'checked', 'Mina', '2025-03-01 04:12:30.117576+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:30.177605+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (15, 8, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:30.455883+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:30.506242+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (16, 8, 'confirm', 'pending', 'flagged', '{"invoice_id": "IGJ4064FZ2ZGCXG04TCS", "status": "completed", "amount": "500", "customer_reference": "rejected", "created_at": "2025-03-01T04:12:30+00:00", "expires_at": "2126-11-06T04:12:30+00:00", "transaction": {"trx_id": "LZ97ZVO01J", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:12:30+00:00"}}', 'amount mismatch: 400 BDT were paid', NULL, '2025-03-01 04:12:30.613409+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:30.6339+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (17, 8, 'cli', 'flagged', 'failed', NULL, 'checked', 'Mina', '2025-03-01 04:12:30.681392+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:30.741337+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (18, 9, 'checkout', 'created', 'failed', NULL, 'The gateway did not answer (ConnectionError).', NULL, '2025-03-01 04:12:30.85314+00', NULL, 1, NULL, NULL, '2025-03-01 04:12:30.864003+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (19, 10, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:12:30.99319+00', NULL, 1, NULL, '2025-03-01 04:13:30.996714+00', NULL, 1, 'ConnectionError: the mail server is down');
INSERT INTO public.bdquickpay_payment_event VALUES (20, 10, 'confirm', 'pending', 'completed', '{"invoice_id": "7GX1T50UY4DB3G3OCK3B", "status": "completed", "amount": "500", "customer_reference": "unmailed", "created_at": "2025-03-01T04:12:30+00:00", "expires_at": "2126-11-06T04:12:30+00:00", "transaction": {"trx_id": "P8JHCJ3GEK", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:12:31+00:00"}}', NULL, NULL, '2025-03-01 04:12:31.097085+00', NULL, 1, NULL, '2025-03-01 04:13:31.132368+00', NULL, 1, 'ConnectionError: the mail server is down');
INSERT INTO public."order" VALUES (1, 'completed', 500.00, 'paid');
INSERT INTO public."order" VALUES (2, 'pending', 500.00, 'new');
INSERT INTO public."order" VALUES (3, 'cancelled', 500.00, 'new');
INSERT INTO public."order" VALUES (4, 'failed', 500.00, 'new');
INSERT INTO public."order" VALUES (5, 'timed-out', 500.00, 'new');
INSERT INTO public."order" VALUES (6, 'flagged', 500.00, 'new');
INSERT INTO public."order" VALUES (7, 'accepted', 500.00, 'paid');
INSERT INTO public."order" VALUES (8, 'rejected', 500.00, 'new');
INSERT INTO public."order" VALUES (9, 'unanswered', 500.00, 'new');
INSERT INTO public."order" VALUES (10, 'unmailed', 500.00, 'paid');
SELECT pg_catalog.setval('public.bdquickpay_payment_event_id_seq', 20, true);
SELECT pg_catalog.setval('public.bdquickpay_payment_id_seq', 10, true);
SELECT pg_catalog.setval('public.bdquickpay_refund_id_seq', 1, false);
SELECT pg_catalog.setval('public.order_id_seq', 10, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.bdquickpay_payment_event
    ADD CONSTRAINT bdquickpay_payment_event_payment_id_id_key UNIQUE (payment_id, id);
ALTER TABLE ONLY public.bdquickpay_payment_event
    ADD CONSTRAINT bdquickpay_payment_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.bdquickpay_payment
    ADD CONSTRAINT bdquickpay_payment_invoice_id_key UNIQUE (invoice_id);
ALTER TABLE ONLY public.bdquickpay_payment
    ADD CONSTRAINT bdquickpay_payment_order_key_key UNIQUE (order_key);
ALTER TABLE ONLY public.bdquickpay_payment
    ADD CONSTRAINT bdquickpay_payment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.bdquickpay_payment
    ADD CONSTRAINT bdquickpay_payment_token_key UNIQUE (token);
ALTER TABLE ONLY public.bdquickpay_payment
    ADD CONSTRAINT bdquickpay_payment_trx_id_key UNIQUE (trx_id);
ALTER TABLE ONLY public.bdquickpay_refund
    ADD CONSTRAINT bdquickpay_refund_payment_id_id_key UNIQUE (payment_id, id);
ALTER TABLE ONLY public.bdquickpay_refund
    ADD CONSTRAINT bdquickpay_refund_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.bdquickpay_refund
    ADD CONSTRAINT bdquickpay_refund_request_key_key UNIQUE (request_key);
ALTER TABLE ONLY public.bdquickpay_refund
    ADD CONSTRAINT bdquickpay_refund_trx_id_key UNIQUE (trx_id);
ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_reference_key UNIQUE (reference);
CREATE INDEX ix_bdquickpay_payment_check_after ON public.bdquickpay_payment USING btree (check_after);
CREATE INDEX ix_bdquickpay_payment_created_at ON public.bdquickpay_payment USING btree (created_at);
CREATE INDEX ix_bdquickpay_payment_customer_reference ON public.bdquickpay_payment USING btree (customer_reference);
CREATE INDEX ix_bdquickpay_payment_event_deliver_after ON public.bdquickpay_payment_event USING btree (deliver_after);
CREATE INDEX ix_bdquickpay_payment_event_new_status ON public.bdquickpay_payment_event USING btree (new_status, created_at, source);
CREATE INDEX ix_bdquickpay_payment_lease ON public.bdquickpay_payment USING btree (lease);
CREATE INDEX ix_bdquickpay_payment_resolved_by ON public.bdquickpay_payment USING btree (resolved_by);
CREATE INDEX ix_bdquickpay_payment_status ON public.bdquickpay_payment USING btree (status);
CREATE INDEX ix_bdquickpay_payment_verified_at ON public.bdquickpay_payment USING btree (verified_at);
CREATE INDEX ix_bdquickpay_refund_sent_at ON public.bdquickpay_refund USING btree (sent_at);
ALTER TABLE ONLY public.bdquickpay_payment_event
    ADD CONSTRAINT bdquickpay_payment_event_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.bdquickpay_payment(id);
ALTER TABLE ONLY public.bdquickpay_refund
    ADD CONSTRAINT bdquickpay_refund_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.bdquickpay_payment(id);
