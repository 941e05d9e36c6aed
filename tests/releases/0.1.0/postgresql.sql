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
    updated_at timestamp with time zone NOT NULL,
    order_key character varying(255),
    resolved_by character varying(255),
    asked_at timestamp with time zone,
    check_after timestamp with time zone,
    checks integer NOT NULL,
    lease character varying(32)
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
ALTER TABLE ONLY public."order" ALTER COLUMN id SET DEFAULT nextval('public.order_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('first');
INSERT INTO public.bdquickpay_payment VALUES (1, 'AM_R3paCm-pvxYD5F2oYo9yK4zBQryA27aZfWUeKykY', 'DUADE0HF8I6NCEA5HLKC', 'completed', 500.00, 'completed', 'pending', NULL, 'http://127.0.0.1:42207/pay/bkash/YzL1fJqjkfo-PDQ40ezBxhYVnMsHOSHN', 'T435J9WF52', '{"order": 1}', 'completed', '2025-03-01 04:11:24.029084+00', '2126-11-06 04:11:24+00', '2025-03-01 04:11:24+00', '2025-03-01 04:11:24.203162+00', 'completed', NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (2, 'lMUGnTDnk2OVnAlwr9NgkOqYU2fy1sQC618IdfMiyMI', '1HI3CEZHJ807EP3H7Q0L', 'pending', 500.00, 'pending', 'created', NULL, 'http://127.0.0.1:42207/pay/bkash/r4yDRBwdYeEsmRuFfpTZS6R_y2P-KSTs', NULL, '{"order": 2}', NULL, '2025-03-01 04:11:24.323459+00', '2126-11-06 04:11:24+00', NULL, '2025-03-01 04:11:24.37648+00', 'pending', NULL, NULL, '2025-03-01 04:11:24.375423+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (3, '6XvvECMKvDCqTVLUXYv90I6KMK1cnyGZSgdbJIbR3RA', '5B3C2IM8NSZGXZ1GYEP7', 'cancelled', 500.00, 'cancelled', 'pending', NULL, 'http://127.0.0.1:42207/pay/bkash/yFn-ozojBlw5ixSksyO1RPi0-YUV3pMt', NULL, '{"order": 3}', 'pending', '2025-03-01 04:11:24.530271+00', '2126-11-06 04:11:24+00', NULL, '2025-03-01 04:11:25.042787+00', 'cancelled', NULL, NULL, '2025-03-01 04:11:25.041633+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (4, 'xiIbKgT0GOYeQflXiyYnADV_5ts5_s92bBbf0Ju0sfY', 'F99HMNBT9Q415741TRVB', 'failed', 500.00, 'failed', 'pending', 'the gateway reports that the payment failed', 'http://127.0.0.1:42207/pay/bkash/3BFwdmio92IoAgU0R3fvK8K9XBHX89d3', NULL, '{"order": 4}', 'failed', '2025-03-01 04:11:25.438062+00', '2126-11-06 04:11:25+00', NULL, '2025-03-01 04:11:25.608775+00', NULL, NULL, NULL, '2025-03-01 04:11:25.607466+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (5, 'B-1GqqCkiCaSha6g3pYQw8C-K2q38oeW1s3x88_iy3c', 'MXQP8HT36OCNB4DRJWK0', 'timed-out', 500.00, 'failed', 'pending', 'the gateway reports that the payment failed', 'http://127.0.0.1:42207/pay/bkash/aLSfoWLFtIZ-cIc0QH9AkJy3IwKdDN9S', NULL, '{"order": 5}', 'failed', '2025-03-01 04:11:25.75938+00', '2126-11-06 04:11:25+00', NULL, '2025-03-01 04:11:25.973421+00', NULL, NULL, NULL, '2025-03-01 04:11:25.969606+00', 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (6, 'MJBG7tngkB9WbihEG7dH2bx81ZVAf-pTbTZYPMXzu9U', '9ANHU22M1P97BNM3WVG2', 'flagged', 500.00, 'flagged', 'pending', 'amount mismatch: 400 BDT were paid', 'http://127.0.0.1:42207/pay/bkash/dWKdRNI9KUaqts8pJR7cyrBrWZ7AOzvR', 'O0QUULIRC3', '{"order": 6}', 'completed', '2025-03-01 04:11:26.062082+00', '2126-11-06 04:11:26+00', '2025-03-01 04:11:26+00', '2025-03-01 04:11:26.185683+00', 'flagged', NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (7, 'KXp-49gOmtRbShKz1EhoCA8amkTBmI-RNymUvLyaaSI', '7924HLUG9XCVJQWII5JD', 'accepted', 500.00, 'completed', 'flagged', 'amount mismatch: 400 BDT were paid', 'http://127.0.0.1:42207/pay/bkash/RuGxOdyZCE28Rf1p9lB2V67FwvvTBa1l', 'HTZAQ44S7Z', '{"order": 7}', 'completed', '2025-03-01 04:11:26.267445+00', '2126-11-06 04:11:26+00', '2025-03-01 04:11:26+00', '2025-03-01 04:11:26.567232+00', 'accepted', 'Mina', NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (8, 'xobSjR3smr5PBiyNS2DY-JztBcCdvZmVBz141b9zjnU', 'ALADJQJ9Z3F4C5I96JD9', 'rejected', 500.00, 'failed', 'flagged', 'rejected by the shop: checked', 'http://127.0.0.1:42207/pay/bkash/8wY7IA4KGYv43lV4iG9IID4tc61BwFpn', 'SWKS8LOY4A', '{"order": 8}', 'completed', '2025-03-01 04:11:26.656651+00', '2126-11-06 04:11:26+00', '2025-03-01 04:11:26+00', '2025-03-01 04:11:26.925228+00', NULL, 'Mina', NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (9, 'IgL9E-XVJ_7_aiGg-MCa8Nj_6RfcgHoJbmT1bx_-o_Q', NULL, 'unanswered', 500.00, 'failed', 'created', 'the gateway''s answer was lost: nobody was sent to pay', NULL, NULL, '{"order": 9}', NULL, '2025-03-01 04:11:27.012997+00', NULL, NULL, '2025-03-01 04:11:27.061224+00', NULL, NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment VALUES (10, '-kmOUMgh0NieJXOBFH8eyylgVjLsuKUepjD3n9jrRjw', 'PEJYI2TDM2JVMPCR74B7', 'unmailed', 500.00, 'completed', 'pending', NULL, 'http://127.0.0.1:42207/pay/bkash/nJtPAVGU2_ABxMn8GJd-KTzxdRHhdVKl', 'BPJUT67XC1', '{"order": 10}', 'completed', '2025-03-01 04:11:27.18119+00', '2126-11-06 04:11:27+00', '2025-03-01 04:11:27+00', '2025-03-01 04:11:27.397843+00', 'unmailed', NULL, NULL, NULL, 0, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (1, 1, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:24.097137+00', NULL, '2025-03-01 04:11:24.131339+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (2, 1, 'confirm', 'pending', 'completed', '{"invoice_id": "DUADE0HF8I6NCEA5HLKC", "status": "completed", "amount": "500", "customer_reference": "completed", "created_at": "2025-03-01T04:11:24+00:00", "expires_at": "2126-11-06T04:11:24+00:00", "transaction": {"trx_id": "T435J9WF52", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:11:24+00:00"}}', NULL, NULL, '2025-03-01 04:11:24.229376+00', NULL, '2025-03-01 04:11:24.286768+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (3, 2, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:24.429136+00', NULL, '2025-03-01 04:11:24.465362+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (4, 3, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:24.645586+00', NULL, '2025-03-01 04:11:24.986836+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (5, 3, 'cancel', 'pending', 'cancelled', '{"invoice_id": "5B3C2IM8NSZGXZ1GYEP7", "status": "pending", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}', NULL, NULL, '2025-03-01 04:11:25.044808+00', NULL, '2025-03-01 04:11:25.056802+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (6, 4, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:25.516682+00', NULL, '2025-03-01 04:11:25.582598+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (7, 4, 'confirm', 'pending', 'failed', '{"invoice_id": "F99HMNBT9Q415741TRVB", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}', 'the gateway reports that the payment failed', NULL, '2025-03-01 04:11:25.610657+00', NULL, '2025-03-01 04:11:25.619327+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (8, 5, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:25.789568+00', NULL, '2025-03-01 04:11:25.798759+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (9, 5, 'confirm', 'pending', 'failed', '{"invoice_id": "MXQP8HT36OCNB4DRJWK0", "status": "failed", "amount": "500", "customer_reference": null, "created_at": null, "expires_at": null, "transaction": null}', 'the gateway reports that the payment failed', NULL, '2025-03-01 04:11:25.974113+00', NULL, '2025-03-01 04:11:26.01336+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (10, 6, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:26.110034+00', NULL, '2025-03-01 04:11:26.129787+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (11, 6, 'confirm', 'pending', 'flagged', '{"invoice_id": "9ANHU22M1P97BNM3WVG2", "status": "completed", "amount": "500", "customer_reference": "flagged", "created_at": "2025-03-01T04:11:26+00:00", "expires_at": "2126-11-06T04:11:26+00:00", "transaction": {"trx_id": "O0QUULIRC3", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:11:26+00:00"}}', 'amount mismatch: 400 BDT were paid', NULL, '2025-03-01 04:11:26.18861+00', NULL, '2025-03-01 04:11:26.234632+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (12, 7, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:26.331565+00', NULL, '2025-03-01 04:11:26.359268+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (13, 7, 'confirm', 'pending', 'flagged', '{"invoice_id": "7924HLUG9XCVJQWII5JD", "status": "completed", "amount": "500", "customer_reference": "accepted", "created_at": "2025-03-01T04:11:26+00:00", "expires_at": "2126-11-06T04:11:26+00:00", "transaction": {"trx_id": "HTZAQ44S7Z", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:11:26+00:00"}}', 'amount mismatch: 400 BDT were paid', NULL, '2025-03-01 04:11:26.480104+00', NULL, '2025-03-01 04:11:26.522826+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (14, 7, 'cli', 'flagged', 'completed', NULL, 'checked', 'Mina', '2025-03-01 04:11:26.573209+00', NULL, '2025-03-01 04:11:26.609328+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (15, 8, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:26.749171+00', NULL, '2025-03-01 04:11:26.78557+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (16, 8, 'confirm', 'pending', 'flagged', '{"invoice_id": "ALADJQJ9Z3F4C5I96JD9", "status": "completed", "amount": "500", "customer_reference": "rejected", "created_at": "2025-03-01T04:11:26+00:00", "expires_at": "2126-11-06T04:11:26+00:00", "transaction": {"trx_id": "SWKS8LOY4A", "payment_method": "bkash", "amount": "400", "status": "completed", "verified_at": "2025-03-01T04:11:26+00:00"}}', 'amount mismatch: 400 BDT were paid', NULL, '2025-03-01 04:11:26.849915+00', NULL, '2025-03-01 04:11:26.889416+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (17, 8, 'cli', 'flagged', 'failed', NULL, 'checked', 'Mina', '2025-03-01 04:11:26.926259+00', NULL, '2025-03-01 04:11:26.962709+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (18, 9, 'checkout', 'created', 'failed', NULL, 'The gateway did not answer (ConnectionError).', NULL, '2025-03-01 04:11:27.06285+00', NULL, '2025-03-01 04:11:27.105395+00', 1, NULL);
INSERT INTO public.bdquickpay_payment_event VALUES (19, 10, 'checkout', 'created', 'pending', NULL, NULL, NULL, '2025-03-01 04:11:27.219108+00', '2025-03-01 04:11:57.339073+00', NULL, 1, 'ConnectionError: the mail server is down');
INSERT INTO public.bdquickpay_payment_event VALUES (20, 10, 'confirm', 'pending', 'completed', '{"invoice_id": "PEJYI2TDM2JVMPCR74B7", "status": "completed", "amount": "500", "customer_reference": "unmailed", "created_at": "2025-03-01T04:11:27+00:00", "expires_at": "2126-11-06T04:11:27+00:00", "transaction": {"trx_id": "BPJUT67XC1", "payment_method": "bkash", "amount": "500", "status": "completed", "verified_at": "2025-03-01T04:11:27+00:00"}}', NULL, NULL, '2025-03-01 04:11:27.398693+00', '2025-03-01 04:11:57.43673+00', NULL, 1, 'ConnectionError: the mail server is down');
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
ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_reference_key UNIQUE (reference);
CREATE INDEX ix_bdquickpay_payment_check_after ON public.bdquickpay_payment USING btree (check_after);
CREATE INDEX ix_bdquickpay_payment_created_at ON public.bdquickpay_payment USING btree (created_at);
CREATE INDEX ix_bdquickpay_payment_customer_reference ON public.bdquickpay_payment USING btree (customer_reference);
CREATE INDEX ix_bdquickpay_payment_event_deliver_after ON public.bdquickpay_payment_event USING btree (deliver_after);
CREATE INDEX ix_bdquickpay_payment_lease ON public.bdquickpay_payment USING btree (lease);
CREATE INDEX ix_bdquickpay_payment_status ON public.bdquickpay_payment USING btree (status);
ALTER TABLE ONLY public.bdquickpay_payment_event
    ADD CONSTRAINT bdquickpay_payment_event_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.bdquickpay_payment(id);
