-- The database as all migrations leave it: for reading, and for the diff of a review. Nothing runs this file.
-- Made by tools/generate-schema.mjs; npm run verify compares.

-- Roles, which belong to the server; a service logs in as a member of its own

-- plexsphere_<installation>_gateway
-- plexsphere_<installation>_outbox_relay
-- plexsphere_<installation>_rotation
-- plexsphere_<installation>_signer

-- Schemas

CREATE SCHEMA gateway;
CREATE SCHEMA material;
CREATE SCHEMA outbox;
CREATE SCHEMA ring;

-- Sequences

CREATE SEQUENCE public.material_migration_id_seq;
CREATE SEQUENCE public.store_migration_id_seq;
CREATE SEQUENCE ring.mesh_host;

-- Tables

CREATE TABLE material.bus_key (
  kind text NOT NULL,
  public_key text NOT NULL,
  kek_id text NOT NULL,
  nonce bytea NOT NULL,
  ciphertext bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT bus_key_kind_check CHECK ((kind = ANY (ARRAY['operator'::text, 'account'::text]))),
  CONSTRAINT bus_key_pkey PRIMARY KEY (kind)
);

CREATE TABLE material.token_horizon (
  scope text NOT NULL,
  key_id text NOT NULL,
  horizon timestamp with time zone NOT NULL,
  CONSTRAINT token_horizon_pkey PRIMARY KEY (scope, key_id)
);

CREATE TABLE material.wrapped_key (
  scope text NOT NULL,
  key_id text NOT NULL,
  algorithm text NOT NULL,
  public_key text,
  kek_id text NOT NULL,
  nonce bytea,
  ciphertext bytea,
  introduced boolean NOT NULL DEFAULT false,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  prepared_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  destroyed_at timestamp with time zone,
  CONSTRAINT wrapped_key_check CHECK (((ciphertext IS NULL) = (destroyed_at IS NOT NULL))),
  CONSTRAINT wrapped_key_check1 CHECK (((ciphertext IS NULL) = (nonce IS NULL))),
  CONSTRAINT wrapped_key_check2 CHECK (((NOT introduced) OR (key_id !~~ '~%'::text))),
  CONSTRAINT wrapped_key_pkey PRIMARY KEY (scope, key_id)
);

CREATE TABLE outbox.bus_stream (
  name text NOT NULL,
  created text NOT NULL,
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT bus_stream_pkey PRIMARY KEY (name)
);

CREATE TABLE outbox.event (
  event_id text NOT NULL,
  scope text NOT NULL,
  event_type text NOT NULL,
  payload text,
  epoch bigint,
  nodes integer NOT NULL DEFAULT 1,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  applied integer NOT NULL DEFAULT 0,
  superseded integer NOT NULL DEFAULT 0,
  CONSTRAINT event_pkey PRIMARY KEY (event_id)
);

CREATE TABLE outbox.key_mark (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  marks jsonb NOT NULL,
  CONSTRAINT key_mark_pkey PRIMARY KEY (id)
);

CREATE TABLE outbox.key_message (
  event_id uuid NOT NULL,
  node_id uuid NOT NULL,
  applied boolean,
  CONSTRAINT key_message_pkey PRIMARY KEY (event_id, node_id)
);

CREATE TABLE outbox.message (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  node_id uuid NOT NULL,
  event_id text NOT NULL,
  "position" bigint,
  state text NOT NULL DEFAULT 'unsent'::text,
  issued_at timestamp with time zone,
  outcome text,
  sent_at timestamp with time zone,
  settled_at timestamp with time zone,
  scope text NOT NULL,
  CONSTRAINT message_check CHECK (((state = 'settled'::text) = (outcome IS NOT NULL))),
  CONSTRAINT message_event_id_node_id_key UNIQUE (event_id, node_id),
  CONSTRAINT message_outcome_check CHECK ((outcome = ANY (ARRAY['applied'::text, 'superseded'::text, 'expired'::text]))),
  CONSTRAINT message_pkey PRIMARY KEY (id),
  CONSTRAINT message_state_check CHECK ((state = ANY (ARRAY['unsent'::text, 'sent'::text, 'settled'::text])))
);

CREATE TABLE outbox.node_stream (
  node_id uuid NOT NULL,
  scope text NOT NULL,
  listens text NOT NULL DEFAULT 'bus'::text,
  told_epoch bigint NOT NULL,
  told_platform_epoch bigint NOT NULL,
  chain jsonb,
  settled_epoch bigint NOT NULL,
  settled_platform_epoch bigint NOT NULL,
  settled_position bigint NOT NULL DEFAULT 0,
  last_position bigint NOT NULL DEFAULT 0,
  last_sequence bigint NOT NULL DEFAULT 0,
  head text,
  platform_head text,
  forked_at timestamp with time zone,
  platform_forked_at timestamp with time zone,
  platform_forked_from bigint,
  ahead_epoch bigint,
  ahead_platform_epoch bigint,
  resend_at timestamp with time zone,
  resend_count integer NOT NULL DEFAULT 0,
  hello jsonb,
  hello_id text,
  hello_answered_at timestamp with time zone,
  ready_again_at timestamp with time zone,
  missed jsonb,
  word_at timestamp with time zone,
  called_at timestamp with time zone,
  stream_seen_at timestamp with time zone,
  waits_since timestamp with time zone,
  ready_epoch bigint,
  ready_position bigint,
  ready_at timestamp with time zone,
  told_since bigint[] NOT NULL DEFAULT '{0}'::bigint[],
  claim_owner text,
  claim_deadline timestamp with time zone,
  attempt bigint NOT NULL DEFAULT 0,
  first_seen_at timestamp with time zone,
  last_seen_at timestamp with time zone,
  state text NOT NULL DEFAULT 'open'::text,
  CONSTRAINT node_stream_listens_check CHECK ((listens = ANY (ARRAY['bus'::text, 'sdk'::text, 'go'::text]))),
  CONSTRAINT node_stream_pkey PRIMARY KEY (node_id),
  CONSTRAINT node_stream_state_check CHECK ((state = ANY (ARRAY['open'::text, 'ending'::text, 'ended'::text])))
);

CREATE TABLE public.material_migration (
  id integer NOT NULL DEFAULT nextval('material_migration_id_seq'::regclass),
  "timestamp" bigint NOT NULL,
  name character varying NOT NULL,
  CONSTRAINT "PK_a6b892803363e01765f19e99e47" PRIMARY KEY (id)
);

CREATE TABLE public.store_migration (
  id integer NOT NULL DEFAULT nextval('store_migration_id_seq'::regclass),
  "timestamp" bigint NOT NULL,
  name character varying NOT NULL,
  CONSTRAINT "PK_743cc633c677441ad687557408c" PRIMARY KEY (id)
);

CREATE TABLE ring.audit (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  happened_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL,
  action text NOT NULL,
  scope text,
  request_id uuid,
  before jsonb,
  after jsonb,
  detail jsonb,
  CONSTRAINT audit_pkey PRIMARY KEY (id)
);

CREATE TABLE ring.bus_revocation (
  public_key text NOT NULL,
  kind text NOT NULL,
  revoked_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone,
  due_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  signed_at timestamp with time zone,
  urgent boolean NOT NULL DEFAULT true,
  CONSTRAINT bus_revocation_kind_check CHECK ((kind = ANY (ARRAY['node'::text, 'node_key'::text, 'operator'::text, 'service'::text]))),
  CONSTRAINT bus_revocation_pkey PRIMARY KEY (public_key, revoked_at)
);

CREATE TABLE ring.bus_user (
  public_key text NOT NULL,
  CONSTRAINT bus_user_pkey PRIMARY KEY (public_key)
);

CREATE TABLE ring.channel (
  slug text NOT NULL,
  side_a text NOT NULL,
  side_b text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT date_trunc('milliseconds'::text, clock_timestamp()),
  CONSTRAINT channel_check CHECK ((side_b <> side_a)),
  CONSTRAINT channel_pkey PRIMARY KEY (slug)
);

CREATE TABLE ring.client (
  scope text NOT NULL,
  client_id text NOT NULL,
  token_scopes text[] NOT NULL,
  audiences text[] NOT NULL,
  ttl_seconds integer,
  keys jsonb,
  created_at timestamp with time zone NOT NULL DEFAULT date_trunc('milliseconds'::text, clock_timestamp()),
  secret_since timestamp with time zone,
  CONSTRAINT client_audiences_check CHECK ((cardinality(audiences) > 0)),
  CONSTRAINT client_check CHECK (((keys IS NULL) = (secret_since IS NOT NULL))),
  CONSTRAINT client_pkey PRIMARY KEY (scope, client_id),
  CONSTRAINT client_token_scopes_check CHECK ((cardinality(token_scopes) > 0)),
  CONSTRAINT client_ttl_seconds_check CHECK ((ttl_seconds > 0))
);

CREATE TABLE ring.client_secret (
  scope text NOT NULL,
  client_id text NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone,
  CONSTRAINT client_secret_pkey PRIMARY KEY (scope, client_id, secret_hash),
  CONSTRAINT client_secret_secret_hash_check CHECK ((length(secret_hash) = 32))
);

CREATE TABLE ring.database_role (
  service text NOT NULL,
  name text NOT NULL,
  CONSTRAINT database_role_name_key UNIQUE (name),
  CONSTRAINT database_role_pkey PRIMARY KEY (service)
);

CREATE TABLE ring.enrol_token (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  scope text NOT NULL,
  token_hash bytea NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  used_at timestamp with time zone,
  node_id uuid,
  revoked_at timestamp with time zone,
  CONSTRAINT enrol_token_check CHECK ((expires_at > created_at)),
  CONSTRAINT enrol_token_check1 CHECK (((used_at IS NULL) = (node_id IS NULL))),
  CONSTRAINT enrol_token_pkey PRIMARY KEY (id),
  CONSTRAINT enrol_token_token_hash_check CHECK ((length(token_hash) = 32)),
  CONSTRAINT enrol_token_token_hash_key UNIQUE (token_hash)
);

CREATE TABLE ring.fleet_run (
  id uuid NOT NULL,
  mode text NOT NULL,
  batch integer,
  on_error text NOT NULL,
  stop_after integer,
  deadline_ms bigint NOT NULL,
  targets jsonb NOT NULL,
  reason text,
  state text NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamp with time zone,
  wave integer NOT NULL DEFAULT 0,
  wave_began_at timestamp with time zone,
  nudges integer NOT NULL DEFAULT 0,
  due_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  seq bigint NOT NULL DEFAULT 0,
  scopes text[] NOT NULL,
  nodes integer NOT NULL,
  waves integer NOT NULL,
  ordered integer NOT NULL DEFAULT 0,
  rotated integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  forgiven integer NOT NULL DEFAULT 0,
  CONSTRAINT fleet_run_batch_check CHECK ((batch >= 1)),
  CONSTRAINT fleet_run_check CHECK (((waves >= 1) AND (waves <= nodes))),
  CONSTRAINT fleet_run_check1 CHECK ((forgiven <= failed)),
  CONSTRAINT fleet_run_check2 CHECK (((((ordered + rotated) + failed) + skipped) <= nodes)),
  CONSTRAINT fleet_run_check3 CHECK ((wave <= waves)),
  CONSTRAINT fleet_run_check4 CHECK (((mode = 'rolling'::text) = (batch IS NOT NULL))),
  CONSTRAINT fleet_run_check5 CHECK (((on_error = 'stop-after'::text) = (stop_after IS NOT NULL))),
  CONSTRAINT fleet_run_check6 CHECK (((state = ANY (ARRAY['finished'::text, 'aborted'::text])) = (ended_at IS NOT NULL))),
  CONSTRAINT fleet_run_deadline_ms_check CHECK ((deadline_ms > 0)),
  CONSTRAINT fleet_run_mode_check CHECK ((mode = ANY (ARRAY['sequential'::text, 'rolling'::text, 'parallel'::text]))),
  CONSTRAINT fleet_run_nodes_check CHECK ((nodes >= 1)),
  CONSTRAINT fleet_run_on_error_check CHECK ((on_error = ANY (ARRAY['continue'::text, 'stop-after'::text, 'fail-fast'::text]))),
  CONSTRAINT fleet_run_ordered_check CHECK ((ordered >= 0)),
  CONSTRAINT fleet_run_pkey PRIMARY KEY (id),
  CONSTRAINT fleet_run_state_check CHECK ((state = ANY (ARRAY['running'::text, 'halted'::text, 'finished'::text, 'aborted'::text]))),
  CONSTRAINT fleet_run_stop_after_check CHECK ((stop_after >= 0))
);

CREATE TABLE ring.fleet_step (
  run_id uuid NOT NULL,
  node_id uuid NOT NULL,
  wave integer NOT NULL,
  state text NOT NULL DEFAULT 'waiting'::text,
  reason text,
  offline_since timestamp with time zone,
  generation bigint,
  deadline_at timestamp with time zone,
  changed_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  seq bigint NOT NULL DEFAULT 0,
  CONSTRAINT fleet_step_check CHECK (((state = ANY (ARRAY['failed'::text, 'skipped'::text])) = (reason IS NOT NULL))),
  CONSTRAINT fleet_step_pkey PRIMARY KEY (run_id, node_id),
  CONSTRAINT fleet_step_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'ordered'::text, 'rotated'::text, 'failed'::text, 'skipped'::text]))),
  CONSTRAINT fleet_step_wave_check CHECK ((wave >= 1))
);

CREATE TABLE ring.installation (
  only_row boolean NOT NULL DEFAULT true,
  recovery_key_id text NOT NULL DEFAULT 'recovery'::text,
  recovery_public_key text NOT NULL,
  recovery_used_at timestamp with time zone,
  bus_account_public_key text NOT NULL,
  bus_account_jwt text NOT NULL,
  bus_account_signed_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT installation_only_row_check CHECK (only_row),
  CONSTRAINT installation_pkey PRIMARY KEY (only_row)
);

CREATE TABLE ring.issuer (
  scope text NOT NULL,
  url text NOT NULL,
  is_default boolean NOT NULL,
  longest_token_ms bigint NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT issuer_longest_token_ms_check CHECK ((longest_token_ms > 0)),
  CONSTRAINT issuer_pkey PRIMARY KEY (scope),
  CONSTRAINT issuer_url_key UNIQUE (url)
);

CREATE TABLE ring.key_ring (
  scope text NOT NULL,
  epoch bigint NOT NULL,
  trust_epoch bigint NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  removed_at timestamp with time zone,
  keys_destroyed_at timestamp with time zone,
  CONSTRAINT key_ring_check CHECK (((trust_epoch >= 1) AND (trust_epoch <= epoch))),
  CONSTRAINT key_ring_check1 CHECK (((keys_destroyed_at IS NULL) OR (removed_at IS NOT NULL))),
  CONSTRAINT key_ring_epoch_check CHECK ((epoch >= 1)),
  CONSTRAINT key_ring_pkey PRIMARY KEY (scope)
);

CREATE TABLE ring.kind_policy (
  kind text NOT NULL,
  members jsonb NOT NULL,
  version bigint NOT NULL,
  decided_at timestamp with time zone NOT NULL,
  CONSTRAINT kind_policy_pkey PRIMARY KEY (kind),
  CONSTRAINT kind_policy_version_check CHECK ((version >= 1))
);

CREATE TABLE ring.later_statement (
  scope text NOT NULL,
  epoch bigint NOT NULL,
  statement text NOT NULL,
  shown_by text NOT NULL,
  shown_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT later_statement_pkey PRIMARY KEY (scope)
);

CREATE TABLE ring.lease (
  holder text NOT NULL,
  kind text NOT NULL,
  secret_hash bytea NOT NULL,
  turn bigint NOT NULL,
  epochs jsonb NOT NULL,
  lease_ms integer NOT NULL,
  renewed_at timestamp with time zone NOT NULL,
  released boolean NOT NULL DEFAULT false,
  clock_off_ms bigint,
  ahead jsonb NOT NULL DEFAULT '{}'::jsonb,
  refused_claims bigint NOT NULL DEFAULT 0,
  CONSTRAINT lease_kind_check CHECK ((kind = ANY (ARRAY['signer'::text, 'gateway'::text]))),
  CONSTRAINT lease_pkey PRIMARY KEY (holder),
  CONSTRAINT lease_secret_hash_check CHECK ((length(secret_hash) = 32))
);

CREATE TABLE ring.member (
  node_id uuid NOT NULL,
  slug text NOT NULL,
  side text NOT NULL,
  sealing_key text NOT NULL,
  is_sink boolean NOT NULL,
  added_at timestamp with time zone NOT NULL DEFAULT date_trunc('milliseconds'::text, clock_timestamp()),
  removed_at timestamp with time zone,
  CONSTRAINT member_pkey PRIMARY KEY (node_id),
  CONSTRAINT member_sealing_key_key UNIQUE (sealing_key)
);

CREATE TABLE ring.member_key (
  scope text NOT NULL,
  node_id uuid NOT NULL,
  key_id text NOT NULL,
  proven_at timestamp with time zone NOT NULL,
  epoch bigint NOT NULL,
  proof text NOT NULL,
  CONSTRAINT member_key_pkey PRIMARY KEY (scope, node_id, key_id)
);

CREATE TABLE ring.member_refusal (
  scope text NOT NULL,
  node_id uuid NOT NULL,
  since timestamp with time zone NOT NULL,
  reason text NOT NULL,
  count bigint NOT NULL,
  CONSTRAINT member_refusal_count_check CHECK ((count > 0)),
  CONSTRAINT member_refusal_pkey PRIMARY KEY (scope, node_id, since, reason)
);

CREATE TABLE ring.member_report (
  scope text NOT NULL,
  node_id uuid NOT NULL,
  epoch bigint NOT NULL,
  acknowledged_epoch bigint,
  acknowledged_at timestamp with time zone,
  reported_at timestamp with time zone NOT NULL,
  period_from timestamp with time zone NOT NULL,
  last_signed jsonb,
  last_verified jsonb,
  verified_alone jsonb NOT NULL DEFAULT '{}'::jsonb,
  taken_over text[] NOT NULL DEFAULT '{}'::text[],
  CONSTRAINT member_report_check CHECK ((acknowledged_epoch <= epoch)),
  CONSTRAINT member_report_check1 CHECK (((acknowledged_epoch IS NULL) = (acknowledged_at IS NULL))),
  CONSTRAINT member_report_check2 CHECK ((period_from <= reported_at)),
  CONSTRAINT member_report_pkey PRIMARY KEY (scope, node_id)
);

CREATE TABLE ring.node (
  id uuid NOT NULL,
  scope text NOT NULL,
  name text NOT NULL,
  bus_public_key text,
  bearer_hash bytea,
  mesh_ip inet,
  wireguard_key text,
  wireguard_key_since timestamp with time zone,
  wireguard_key_wanted_at timestamp with time zone,
  state text NOT NULL DEFAULT 'enrolled'::text,
  added_at timestamp with time zone NOT NULL DEFAULT now(),
  removed_at timestamp with time zone,
  tags text[] NOT NULL DEFAULT '{}'::text[],
  rotate_after timestamp with time zone,
  contested_at timestamp with time zone,
  revoked_reason text,
  CONSTRAINT node_bearer_hash_check CHECK ((length(bearer_hash) = 32)),
  CONSTRAINT node_bearer_hash_key UNIQUE (bearer_hash),
  CONSTRAINT node_bus_public_key_key UNIQUE (bus_public_key),
  CONSTRAINT node_check CHECK (((bus_public_key IS NOT NULL) OR (bearer_hash IS NOT NULL))),
  CONSTRAINT node_check1 CHECK (((num_nonnulls(mesh_ip, wireguard_key, wireguard_key_since) = ANY (ARRAY[0, 3])) AND ((mesh_ip IS NULL) OR (bearer_hash IS NOT NULL)))),
  CONSTRAINT node_pkey PRIMARY KEY (id),
  CONSTRAINT node_state_check CHECK ((state = ANY (ARRAY['enrolled'::text, 'removed'::text, 'revoked'::text])))
);

CREATE TABLE ring.node_key (
  node_id uuid NOT NULL,
  generation bigint NOT NULL,
  public_key text NOT NULL,
  state text NOT NULL,
  request_hash text,
  token text,
  token_iat bigint,
  token_expires_at timestamp with time zone,
  tokens_until timestamp with time zone,
  former_token_hash text,
  former_token_iat bigint,
  former_until timestamp with time zone,
  retiring_until timestamp with time zone,
  confirmed_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT node_key_check CHECK ((former_token_iat < token_iat)),
  CONSTRAINT node_key_check1 CHECK (((state = 'retiring'::text) = (retiring_until IS NOT NULL))),
  CONSTRAINT node_key_check2 CHECK (((former_token_iat IS NULL) = (former_until IS NULL))),
  CONSTRAINT node_key_check3 CHECK (((generation = 0) OR (num_nulls(request_hash, token, token_iat, token_expires_at, tokens_until) = 0))),
  CONSTRAINT node_key_check4 CHECK (((generation > 0) OR (state <> 'active'::text))),
  CONSTRAINT node_key_generation_check CHECK ((generation >= 0)),
  CONSTRAINT node_key_pkey PRIMARY KEY (node_id, generation),
  CONSTRAINT node_key_public_key_key UNIQUE (public_key),
  CONSTRAINT node_key_request_hash_key UNIQUE (request_hash),
  CONSTRAINT node_key_state_check CHECK ((state = ANY (ARRAY['active'::text, 'retiring'::text, 'retired'::text, 'revoked'::text])))
);

CREATE TABLE ring.operator (
  id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  scopes text[],
  bus_public_key text NOT NULL,
  bearer_hash text NOT NULL,
  expires_at timestamp with time zone NOT NULL DEFAULT (now() + '90 days'::interval),
  revoked_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  last_used_at timestamp with time zone,
  CONSTRAINT operator_bearer_hash_key UNIQUE (bearer_hash),
  CONSTRAINT operator_bus_public_key_key UNIQUE (bus_public_key),
  CONSTRAINT operator_pkey PRIMARY KEY (id),
  CONSTRAINT operator_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])))
);

CREATE TABLE ring.policy (
  scope text NOT NULL,
  own jsonb NOT NULL DEFAULT '{}'::jsonb,
  of_kind jsonb NOT NULL DEFAULT '{}'::jsonb,
  kind_version bigint NOT NULL DEFAULT 0,
  scheduled_since timestamp with time zone,
  CONSTRAINT policy_pkey PRIMARY KEY (scope)
);

CREATE TABLE ring.prepared_key (
  scope text NOT NULL,
  key_id text NOT NULL,
  prepared_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT prepared_key_pkey PRIMARY KEY (scope, key_id)
);

CREATE TABLE ring.promotion (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  scope text NOT NULL,
  key_id text NOT NULL,
  percent integer NOT NULL,
  deadline timestamp with time zone NOT NULL,
  reason text,
  asked_at timestamp with time zone NOT NULL,
  actor text NOT NULL,
  request_id uuid NOT NULL,
  outcome text,
  ended_at timestamp with time zone,
  end_reason text,
  CONSTRAINT promotion_check CHECK (((outcome IS NULL) = (ended_at IS NULL))),
  CONSTRAINT promotion_outcome_check CHECK ((outcome = ANY (ARRAY['rotated'::text, 'dropped'::text]))),
  CONSTRAINT promotion_percent_check CHECK (((percent >= 1) AND (percent <= 100))),
  CONSTRAINT promotion_pkey PRIMARY KEY (id),
  CONSTRAINT promotion_request_id_key UNIQUE (request_id)
);

CREATE TABLE ring.refusal (
  minute timestamp with time zone NOT NULL,
  actor text NOT NULL,
  command text NOT NULL,
  code text NOT NULL,
  detail text NOT NULL,
  count bigint NOT NULL,
  CONSTRAINT refusal_count_check CHECK ((count > 0)),
  CONSTRAINT refusal_pkey PRIMARY KEY (minute, actor, command, code, detail)
);

CREATE TABLE ring.request (
  request_id uuid NOT NULL,
  command text NOT NULL,
  actor text NOT NULL,
  body_hash text NOT NULL,
  reply json NOT NULL,
  answered_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT request_pkey PRIMARY KEY (request_id)
);

CREATE TABLE ring.ring_change (
  scope text NOT NULL,
  epoch bigint NOT NULL,
  change text NOT NULL,
  active_key_id text NOT NULL,
  previous_key_id text,
  previous_until timestamp with time zone,
  event_id text NOT NULL,
  statement text,
  statement_hash text,
  next text,
  by_superior boolean NOT NULL DEFAULT false,
  authority_epoch bigint,
  changed_at timestamp with time zone NOT NULL DEFAULT now(),
  switched_at timestamp with time zone,
  CONSTRAINT ring_change_change_check CHECK ((change = ANY (ARRAY['create'::text, 'rotate'::text, 'stage'::text, 'unstage'::text, 'rollback'::text, 'revoke'::text, 'recommit'::text, 'recovery'::text, 'import'::text, 'close'::text, 'settle'::text, 'remove'::text, 'policy'::text, 'activate'::text, 'members'::text]))),
  CONSTRAINT ring_change_check CHECK (((statement IS NULL) = (statement_hash IS NULL))),
  CONSTRAINT ring_change_check1 CHECK (((statement IS NOT NULL) OR (next IS NULL))),
  CONSTRAINT ring_change_event_id_key UNIQUE (event_id),
  CONSTRAINT ring_change_pkey PRIMARY KEY (scope, epoch)
);

CREATE TABLE ring.rotator_failure (
  scope text NOT NULL,
  step text NOT NULL,
  detail text NOT NULL,
  failures integer NOT NULL,
  failed_at timestamp with time zone NOT NULL,
  retry_at timestamp with time zone NOT NULL,
  CONSTRAINT rotator_failure_failures_check CHECK ((failures > 0)),
  CONSTRAINT rotator_failure_pkey PRIMARY KEY (scope)
);

CREATE TABLE ring.schedule (
  scope text NOT NULL,
  due_at timestamp with time zone NOT NULL,
  acted_at timestamp with time zone NOT NULL,
  key_id text NOT NULL,
  request_id uuid NOT NULL,
  CONSTRAINT schedule_request_id_key UNIQUE (request_id),
  CONSTRAINT schedule_scope_due_at_key UNIQUE (scope, due_at)
);

CREATE TABLE ring.service_credential (
  bus_public_key text NOT NULL,
  service text NOT NULL,
  issued_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamp with time zone,
  CONSTRAINT service_credential_pkey PRIMARY KEY (bus_public_key)
);

CREATE TABLE ring.signing_key (
  scope text NOT NULL,
  key_id text NOT NULL,
  algorithm text NOT NULL,
  public_key text,
  state text NOT NULL,
  state_since timestamp with time zone NOT NULL DEFAULT now(),
  verifies_until timestamp with time zone,
  staged_at timestamp with time zone,
  published_at timestamp with time zone,
  rotate_by timestamp with time zone,
  longest_token_ms bigint,
  tokens_until timestamp with time zone,
  foreign_signs_until timestamp with time zone,
  jwk_kid text,
  destroyed_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  check_value text,
  staged_epoch bigint,
  CONSTRAINT signing_key_check CHECK (((published_at IS NULL) OR (staged_at IS NOT NULL))),
  CONSTRAINT signing_key_check1 CHECK (((state <> 'retiring'::text) OR (verifies_until IS NOT NULL))),
  CONSTRAINT signing_key_check2 CHECK (((state = ANY (ARRAY['staged'::text, 'retiring'::text])) OR (verifies_until IS NULL))),
  CONSTRAINT signing_key_check3 CHECK (((state <> ALL (ARRAY['staged'::text, 'active'::text])) OR (tokens_until IS NULL))),
  CONSTRAINT signing_key_check4 CHECK (((longest_token_ms IS NOT NULL) OR (tokens_until IS NULL))),
  CONSTRAINT signing_key_check5 CHECK (((foreign_signs_until IS NULL) OR (state = ANY (ARRAY['retiring'::text, 'retired'::text, 'revoked'::text])))),
  CONSTRAINT signing_key_check6 CHECK (((foreign_signs_until IS NOT NULL) OR (jwk_kid IS NULL))),
  CONSTRAINT signing_key_check7 CHECK (((state = ANY (ARRAY['retired'::text, 'revoked'::text])) OR (destroyed_at IS NULL))),
  CONSTRAINT signing_key_check8 CHECK (((check_value IS NULL) OR (public_key IS NULL))),
  CONSTRAINT signing_key_check9 CHECK (((check_value IS NULL) = (staged_epoch IS NULL))),
  CONSTRAINT signing_key_longest_token_ms_check CHECK ((longest_token_ms > 0)),
  CONSTRAINT signing_key_pkey PRIMARY KEY (scope, key_id),
  CONSTRAINT signing_key_state_check CHECK ((state = ANY (ARRAY['staged'::text, 'active'::text, 'retiring'::text, 'retired'::text, 'revoked'::text])))
);

CREATE TABLE ring.transition (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  scope text NOT NULL,
  old_key_id text NOT NULL,
  new_key_id text NOT NULL,
  opened_at timestamp with time zone NOT NULL,
  closes_at timestamp with time zone NOT NULL,
  transition_expires timestamp with time zone NOT NULL,
  opened_epoch bigint NOT NULL,
  reason text,
  actor text NOT NULL,
  request_id uuid NOT NULL,
  outcome text,
  ended_at timestamp with time zone,
  ended_epoch bigint,
  ended_by text,
  end_request_id uuid,
  activated_at timestamp with time zone,
  CONSTRAINT transition_check CHECK ((closes_at > opened_at)),
  CONSTRAINT transition_check1 CHECK ((transition_expires >= closes_at)),
  CONSTRAINT transition_check2 CHECK (((outcome IS NULL) = (ended_at IS NULL))),
  CONSTRAINT transition_check3 CHECK (((activated_at >= opened_at) AND (closes_at > activated_at))),
  CONSTRAINT transition_end_request_id_key UNIQUE (end_request_id),
  CONSTRAINT transition_outcome_check CHECK ((outcome = ANY (ARRAY['closed'::text, 'rolled_back'::text, 'revoked'::text]))),
  CONSTRAINT transition_pkey PRIMARY KEY (id),
  CONSTRAINT transition_request_id_key UNIQUE (request_id)
);

CREATE TABLE ring.used_assertion (
  scope text NOT NULL,
  client_id text NOT NULL,
  jti_hash bytea NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT used_assertion_jti_hash_check CHECK ((length(jti_hash) = 32)),
  CONSTRAINT used_assertion_pkey PRIMARY KEY (scope, client_id, jti_hash)
);

-- Foreign keys

ALTER TABLE outbox.message ADD CONSTRAINT message_event_id_fkey FOREIGN KEY (event_id) REFERENCES outbox.event(event_id);
ALTER TABLE outbox.message ADD CONSTRAINT message_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.node(id);
ALTER TABLE outbox.node_stream ADD CONSTRAINT node_stream_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.node(id);
ALTER TABLE ring.client ADD CONSTRAINT client_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.client_secret ADD CONSTRAINT client_secret_scope_client_id_fkey FOREIGN KEY (scope, client_id) REFERENCES ring.client(scope, client_id) ON DELETE CASCADE;
ALTER TABLE ring.enrol_token ADD CONSTRAINT enrol_token_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.node(id);
ALTER TABLE ring.enrol_token ADD CONSTRAINT enrol_token_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.fleet_step ADD CONSTRAINT fleet_step_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.node(id);
ALTER TABLE ring.fleet_step ADD CONSTRAINT fleet_step_run_id_fkey FOREIGN KEY (run_id) REFERENCES ring.fleet_run(id) ON DELETE CASCADE;
ALTER TABLE ring.issuer ADD CONSTRAINT issuer_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.later_statement ADD CONSTRAINT later_statement_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.member ADD CONSTRAINT member_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.node(id);
ALTER TABLE ring.member ADD CONSTRAINT member_slug_fkey FOREIGN KEY (slug) REFERENCES ring.channel(slug);
ALTER TABLE ring.member_key ADD CONSTRAINT member_key_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.member(node_id);
ALTER TABLE ring.member_key ADD CONSTRAINT member_key_scope_key_id_fkey FOREIGN KEY (scope, key_id) REFERENCES ring.signing_key(scope, key_id);
ALTER TABLE ring.member_refusal ADD CONSTRAINT member_refusal_scope_node_id_fkey FOREIGN KEY (scope, node_id) REFERENCES ring.member_report(scope, node_id) ON DELETE CASCADE;
ALTER TABLE ring.member_report ADD CONSTRAINT member_report_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.member(node_id);
ALTER TABLE ring.member_report ADD CONSTRAINT member_report_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.node ADD CONSTRAINT node_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.node_key ADD CONSTRAINT node_key_node_id_fkey FOREIGN KEY (node_id) REFERENCES ring.node(id);
ALTER TABLE ring.node_key ADD CONSTRAINT node_key_public_key_fkey FOREIGN KEY (public_key) REFERENCES ring.bus_user(public_key);
ALTER TABLE ring.policy ADD CONSTRAINT policy_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.promotion ADD CONSTRAINT promotion_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.ring_change ADD CONSTRAINT ring_change_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.rotator_failure ADD CONSTRAINT rotator_failure_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.schedule ADD CONSTRAINT schedule_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.service_credential ADD CONSTRAINT service_credential_bus_public_key_fkey FOREIGN KEY (bus_public_key) REFERENCES ring.bus_user(public_key);
ALTER TABLE ring.service_credential ADD CONSTRAINT service_credential_service_fkey FOREIGN KEY (service) REFERENCES ring.database_role(service);
ALTER TABLE ring.signing_key ADD CONSTRAINT signing_key_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);
ALTER TABLE ring.transition ADD CONSTRAINT transition_scope_fkey FOREIGN KEY (scope) REFERENCES ring.key_ring(scope);

-- Indexes

CREATE INDEX event_created ON outbox.event USING btree (created_at, event_id);
CREATE INDEX event_of_key ON outbox.event USING btree (scope, epoch) WHERE (epoch IS NOT NULL);
CREATE INDEX event_scope ON outbox.event USING btree (scope, (created_at AT TIME ZONE 'UTC'::text), event_id);
CREATE INDEX message_due ON outbox.message USING btree (scope, id) WHERE ((state = 'unsent'::text) AND (scope > ''::text));
CREATE INDEX message_sent ON outbox.message USING btree (node_id, "position", id) WHERE (state = 'sent'::text);
CREATE INDEX message_settled ON outbox.message USING btree (settled_at) WHERE (state = 'settled'::text);
CREATE INDEX message_unapplied ON outbox.message USING btree (event_id, outcome, id) WHERE ((outcome IS NULL) OR (outcome <> 'applied'::text));
CREATE INDEX message_unsent ON outbox.message USING btree (node_id, "position", id) WHERE (state = 'unsent'::text);
CREATE INDEX message_waiting ON outbox.message USING btree (id) WHERE ((state <> 'settled'::text) AND (id > 0));
CREATE INDEX node_stream_astray ON outbox.node_stream USING btree (scope, node_id) WHERE ((state = 'open'::text) AND (listens <> 'go'::text) AND ((told_epoch = 0) OR (told_platform_epoch = 0)));
CREATE INDEX node_stream_chain ON outbox.node_stream USING btree (scope, node_id) WHERE ((state = 'open'::text) AND (chain IS NOT NULL));
CREATE INDEX node_stream_ending ON outbox.node_stream USING btree (node_id) WHERE (state = 'ending'::text);
CREATE INDEX node_stream_forked ON outbox.node_stream USING btree (scope, node_id) WHERE ((forked_at IS NOT NULL) OR (platform_forked_at IS NOT NULL));
CREATE INDEX node_stream_hello ON outbox.node_stream USING btree (scope, node_id) WHERE ((state = 'open'::text) AND (hello IS NOT NULL) AND (waits_since IS NULL) AND ((told_epoch > 0) OR (listens = 'go'::text)));
CREATE INDEX node_stream_resend ON outbox.node_stream USING btree (scope, resend_at, node_id) WHERE ((state = 'open'::text) AND (resend_at IS NOT NULL) AND (told_epoch > 0));
CREATE INDEX node_stream_told ON outbox.node_stream USING btree (scope, told_epoch, node_id) WHERE ((state = 'open'::text) AND (listens <> 'go'::text) AND (told_epoch > 0) AND (told_platform_epoch > 0));
CREATE INDEX node_stream_told_platform ON outbox.node_stream USING btree (scope, told_platform_epoch, node_id) WHERE ((state = 'open'::text) AND (listens <> 'go'::text) AND (told_epoch > 0) AND (told_platform_epoch > 0));
CREATE INDEX node_stream_untold_go ON outbox.node_stream USING btree (scope, LEAST(told_epoch, COALESCE(ready_epoch, (0)::bigint)), node_id) WHERE ((state = 'open'::text) AND (listens = 'go'::text) AND (waits_since IS NULL));
CREATE INDEX node_stream_waits ON outbox.node_stream USING btree (scope, node_id) WHERE (waits_since IS NOT NULL);
CREATE INDEX audit_action ON ring.audit USING btree (action, (happened_at AT TIME ZONE 'UTC'::text), id);
CREATE INDEX audit_actor ON ring.audit USING btree (actor, (happened_at AT TIME ZONE 'UTC'::text), id);
CREATE INDEX audit_request ON ring.audit USING btree (request_id) WHERE (request_id IS NOT NULL);
CREATE INDEX audit_scope ON ring.audit USING btree (scope, (happened_at AT TIME ZONE 'UTC'::text), id);
CREATE INDEX audit_scope_action ON ring.audit USING btree (scope, action, (happened_at AT TIME ZONE 'UTC'::text), id);
CREATE INDEX audit_time ON ring.audit USING btree (happened_at, id);
CREATE INDEX bus_revocation_expiry ON ring.bus_revocation USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX bus_revocation_newest ON ring.bus_revocation USING btree (kind, revoked_at);
CREATE INDEX bus_revocation_unsigned ON ring.bus_revocation USING btree (due_at) WHERE (signed_at IS NULL);
CREATE INDEX enrol_token_expiry ON ring.enrol_token USING btree (expires_at, id);
CREATE INDEX fleet_run_newest ON ring.fleet_run USING btree (created_at DESC, id);
CREATE INDEX running_fleet_run ON ring.fleet_run USING btree (due_at) WHERE (state = 'running'::text);
CREATE INDEX fleet_step_seq ON ring.fleet_step USING btree (run_id, seq);
CREATE INDEX fleet_step_wave ON ring.fleet_step USING btree (run_id, wave, node_id);
CREATE INDEX ordered_fleet_step ON ring.fleet_step USING btree (node_id) WHERE (state = 'ordered'::text);
CREATE UNIQUE INDEX one_default_issuer ON ring.issuer USING btree (is_default) WHERE is_default;
CREATE INDEX mesh_ring ON ring.key_ring USING btree (scope) WHERE ((removed_at IS NULL) AND ((scope = 'platform'::text) OR starts_with(scope, 'domain:'::text)));
CREATE INDEX unfinished_removal ON ring.key_ring USING btree (scope) WHERE ((removed_at IS NOT NULL) AND (keys_destroyed_at IS NULL));
CREATE INDEX present_member ON ring.member USING btree (slug) WHERE (removed_at IS NULL);
CREATE INDEX contested_node ON ring.node USING btree (contested_at) WHERE ((contested_at IS NOT NULL) AND (state = 'enrolled'::text));
CREATE INDEX gone_http_node ON ring.node USING btree (removed_at) WHERE ((state <> 'enrolled'::text) AND (bearer_hash IS NOT NULL));
CREATE INDEX node_of_scope ON ring.node USING btree (scope, id) WHERE (state = 'enrolled'::text);
CREATE INDEX node_tags ON ring.node USING gin (tags) WHERE (state = 'enrolled'::text);
CREATE UNIQUE INDEX one_mesh_ip ON ring.node USING btree (mesh_ip) WHERE (state = 'enrolled'::text);
CREATE UNIQUE INDEX one_node_name ON ring.node USING btree (scope, name) WHERE (state = 'enrolled'::text);
CREATE INDEX former_node_token ON ring.node_key USING btree (former_until) WHERE (former_until IS NOT NULL);
CREATE UNIQUE INDEX one_active_node_key ON ring.node_key USING btree (node_id) WHERE (state = 'active'::text);
CREATE UNIQUE INDEX one_retiring_node_key ON ring.node_key USING btree (node_id) WHERE (state = 'retiring'::text);
CREATE INDEX retiring_node_key ON ring.node_key USING btree (retiring_until) WHERE (state = 'retiring'::text);
CREATE UNIQUE INDEX one_operator_name ON ring.operator USING btree (name) WHERE (revoked_at IS NULL);
CREATE INDEX prepared_key_age ON ring.prepared_key USING btree (prepared_at);
CREATE UNIQUE INDEX one_pending_promotion ON ring.promotion USING btree (scope) WHERE (outcome IS NULL);
CREATE INDEX promotion_asked ON ring.promotion USING btree (scope, asked_at DESC);
CREATE INDEX request_answered ON ring.request USING btree (answered_at);
CREATE INDEX ring_change_authority ON ring.ring_change USING btree (scope, epoch) INCLUDE (authority_epoch) WHERE (authority_epoch IS NOT NULL);
CREATE UNIQUE INDEX ring_change_head ON ring.ring_change USING btree (scope, statement_hash) WHERE (statement_hash IS NOT NULL);
CREATE INDEX ring_change_recovery ON ring.ring_change USING btree (scope, epoch) WHERE (change = 'recovery'::text);
CREATE INDEX ring_change_way_back ON ring.ring_change USING btree (scope, epoch) WHERE (by_superior AND (change = ANY (ARRAY['revoke'::text, 'rollback'::text])));
CREATE INDEX ring_head ON ring.ring_change USING btree (scope, epoch DESC) WHERE (statement IS NOT NULL);
CREATE INDEX unswitched_change ON ring.ring_change USING btree (scope, epoch) WHERE (switched_at IS NULL);
CREATE INDEX doomed_key ON ring.signing_key USING btree (scope) WHERE ((state = ANY (ARRAY['retired'::text, 'revoked'::text])) AND (destroyed_at IS NULL));
CREATE UNIQUE INDEX one_active_key ON ring.signing_key USING btree (scope) WHERE (state = 'active'::text);
CREATE INDEX present_key ON ring.signing_key USING btree (scope) WHERE (state = ANY (ARRAY['staged'::text, 'active'::text, 'retiring'::text]));
CREATE INDEX retiring_key ON ring.signing_key USING btree (verifies_until) WHERE (state = 'retiring'::text);
CREATE INDEX staged_key ON ring.signing_key USING btree (rotate_by) WHERE (state = 'staged'::text);
CREATE INDEX latest_transition ON ring.transition USING btree (scope, opened_epoch DESC);
CREATE UNIQUE INDEX one_open_transition ON ring.transition USING btree (scope) WHERE (outcome IS NULL);
CREATE INDEX used_assertion_expiry ON ring.used_assertion USING btree (expires_at);

-- Views

CREATE VIEW gateway.client AS
 SELECT scope,
    client_id,
    token_scopes,
    audiences,
    ttl_seconds,
    keys,
    ARRAY( SELECT s.secret_hash
           FROM ring.client_secret s
          WHERE s.scope = c.scope AND s.client_id = c.client_id AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp())) AS secret_hashes
   FROM ring.client c;

CREATE VIEW gateway.gone AS
 SELECT id,
    removed_at
   FROM ring.node n
  WHERE state <> 'enrolled'::text AND bearer_hash IS NOT NULL;

CREATE VIEW gateway.issuer AS
 SELECT scope,
    url,
    is_default,
    longest_token_ms
   FROM ring.issuer i;

CREATE VIEW gateway.node AS
 SELECT n.id,
    n.scope,
    n.state,
    n.bearer_hash,
    n.wireguard_key_wanted_at,
    s.listens,
    s.called_at,
    s.told_epoch,
    s.told_since,
    s.settled_epoch,
    s.settled_position,
    s.last_position,
    s.last_sequence,
    s.hello_id,
    s.hello IS NOT NULL AS is_hello_unanswered,
    s.word_at,
    s.stream_seen_at,
    s.waits_since,
    s.ready_epoch,
    s.ready_position,
    s.ready_at,
    statement_timestamp() AS read_at,
    (EXISTS ( SELECT
           FROM outbox.message m
          WHERE m.node_id = n.id AND m.state = 'unsent'::text
          ORDER BY m."position"
         OFFSET 0
         LIMIT 1)) OR (EXISTS ( SELECT
           FROM outbox.message m
          WHERE m.node_id = n.id AND m.state = 'sent'::text
          ORDER BY m."position"
         OFFSET 0
         LIMIT 1)) AS outstanding
   FROM ring.node n
     JOIN outbox.node_stream s ON s.node_id = n.id
  WHERE n.bearer_hash IS NOT NULL;

CREATE VIEW gateway.retiring AS
 SELECT split_part(scope, ':'::text, 1) AS kind,
    min(state_since) AS since
   FROM ring.signing_key k
  WHERE state = 'retiring'::text AND foreign_signs_until IS NULL AND NOT starts_with(scope, 'channel:'::text)
  GROUP BY (split_part(scope, ':'::text, 1));

CREATE VIEW gateway.ring AS
 SELECT scope,
    epoch,
    trust_epoch,
    ( SELECT jsonb_agg(jsonb_build_object('key_id', k.key_id, 'state', k.state, 'algorithm', k.algorithm, 'public_key', k.public_key, 'verifies_until', k.verifies_until, 'foreign',
                CASE
                    WHEN k.foreign_signs_until IS NOT NULL THEN jsonb_build_object('kid', k.jwk_kid)
                    ELSE NULL::jsonb
                END) ORDER BY k.created_at, k.key_id) AS jsonb_agg
           FROM ring.signing_key k
          WHERE k.scope = r.scope AND (k.state = ANY (ARRAY['staged'::text, 'active'::text, 'retiring'::text]))) AS keys,
    ( WITH RECURSIVE told AS (
                 SELECT latest.epoch,
                    latest.active_key_id,
                    latest.previous_key_id,
                    latest.previous_until,
                    latest.turn
                   FROM ( SELECT c.epoch,
                            c.active_key_id,
                            c.previous_key_id,
                            c.previous_until,
                            1 AS turn
                           FROM ring.ring_change c
                          WHERE c.scope = r.scope AND c.statement IS NOT NULL AND (c.change <> ALL (ARRAY['recommit'::text, 'recovery'::text]))
                          ORDER BY c.epoch DESC
                         LIMIT 1) latest
                UNION ALL
                 SELECT earlier.epoch,
                    earlier.active_key_id,
                    earlier.previous_key_id,
                    earlier.previous_until,
                    earlier."?column?"
                   FROM told told_1
                     CROSS JOIN LATERAL ( SELECT c.epoch,
                            c.active_key_id,
                            c.previous_key_id,
                            c.previous_until,
                            told_1.turn + 1 AS "?column?"
                           FROM ring.ring_change c
                          WHERE c.scope = r.scope AND c.epoch < told_1.epoch AND c.statement IS NOT NULL AND (c.change <> ALL (ARRAY['recommit'::text, 'recovery'::text]))
                          ORDER BY c.epoch DESC
                         LIMIT 1) earlier
                  WHERE told_1.turn < 16
                )
         SELECT jsonb_agg(jsonb_build_object('epoch', told.epoch, 'active_key_id', told.active_key_id, 'previous_key_id', told.previous_key_id, 'previous_until', told.previous_until) ORDER BY told.epoch) AS jsonb_agg
           FROM told) AS changes
   FROM ring.key_ring r
  WHERE removed_at IS NULL AND NOT starts_with(scope, 'channel:'::text);

CREATE VIEW gateway.ring_change AS
 SELECT c.scope,
    c.epoch,
    c.change,
    c.statement,
    c.authority_epoch
   FROM ring.ring_change c
     JOIN ring.key_ring r ON r.scope = c.scope
  WHERE r.removed_at IS NULL AND NOT starts_with(r.scope, 'channel:'::text);

CREATE VIEW gateway.sent AS
 SELECT node_id,
    "position",
    issued_at
   FROM outbox.message m
  WHERE state = 'sent'::text AND "position" IS NOT NULL;

-- Functions

CREATE OR REPLACE FUNCTION gateway.use_assertion(of_scope text, of_client text, jti text, ends_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
        BEGIN
          INSERT INTO ring.used_assertion (scope, client_id, jti_hash, expires_at)
            SELECT c.scope, c.client_id, pg_catalog.sha256(pg_catalog.convert_to(jti, 'UTF8')), ends_at
              FROM ring.client c
             WHERE c.scope = of_scope AND c.client_id = of_client AND c.keys IS NOT NULL
               AND ends_at > pg_catalog.clock_timestamp()
               AND ends_at <= pg_catalog.clock_timestamp() + interval '6 minutes'
          ON CONFLICT DO NOTHING;
          RETURN FOUND;
        END
        $function$
;

CREATE OR REPLACE FUNCTION material.destroy(of_scope text, of_key_id text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
          DELETE FROM material.wrapped_key AS copy USING material.wrapped_key AS own
           WHERE own.scope = of_scope AND own.key_id = of_key_id
             AND copy.scope = of_scope AND copy.key_id <> of_key_id AND copy.public_key = own.public_key;
          UPDATE material.wrapped_key SET nonce = NULL, ciphertext = NULL, destroyed_at = now()
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL;
        $function$
;

CREATE OR REPLACE FUNCTION material.forget_ahead(of_scope text, kept text[], introduced_key_id text, prepared_before timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
          DELETE FROM material.wrapped_key AS ahead
           WHERE scope = of_scope AND key_id LIKE '~%' AND key_id <> ALL (kept)
             AND (prepared_at < least(prepared_before, clock_timestamp() - interval '10 minutes')
                  OR EXISTS (SELECT FROM material.wrapped_key AS taken
                              WHERE taken.scope = of_scope AND taken.key_id = introduced_key_id
                                AND taken.public_key = ahead.public_key))
        $function$
;

CREATE OR REPLACE FUNCTION material.forget_prepared(of_scope text, of_key_id text, prepared_before timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
          DELETE FROM material.wrapped_key
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL
             AND prepared_at < least(prepared_before, clock_timestamp() - interval '10 minutes')
        $function$
;

CREATE OR REPLACE FUNCTION material.raise_horizon(of_scope text, of_key_id text, to_horizon timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
          INSERT INTO material.token_horizon AS present (scope, key_id, horizon)
          VALUES (of_scope, of_key_id, to_horizon)
          ON CONFLICT (scope, key_id) DO UPDATE SET horizon = greatest(present.horizon, excluded.horizon)
          RETURNING horizon
        $function$
;

CREATE OR REPLACE FUNCTION material.replace_left(of_scope text, of_key_id text, its_algorithm text, its_public_key text, its_kek_id text, its_nonce bytea, its_ciphertext bytea, is_introduced boolean)
 RETURNS timestamp with time zone
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
          UPDATE material.wrapped_key
             SET algorithm = its_algorithm, public_key = its_public_key, kek_id = its_kek_id, nonce = its_nonce,
                 ciphertext = its_ciphertext, introduced = is_introduced, prepared_at = clock_timestamp()
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL
             AND CASE WHEN introduced = is_introduced THEN introduced AND public_key IS DISTINCT FROM its_public_key
                      ELSE prepared_at < clock_timestamp() - interval '1 minute' END;
          SELECT prepared_at + interval '1 minute' FROM material.wrapped_key
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL AND introduced <> is_introduced
        $function$
;

CREATE OR REPLACE FUNCTION ring.forget_revocations(skew interval)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
          DELETE FROM ring.bus_revocation
           WHERE expires_at < clock_timestamp() - greatest(skew, interval '0');
          DELETE FROM ring.bus_revocation AS earlier
           WHERE kind = 'node_key' AND signed_at IS NOT NULL
             AND EXISTS (SELECT FROM ring.bus_revocation AS later
                          WHERE later.public_key = earlier.public_key AND later.kind = 'node_key'
                            AND later.revoked_at > earlier.revoked_at AND later.signed_at IS NOT NULL
                            AND (later.expires_at IS NULL OR later.expires_at >= earlier.expires_at));
        $function$
;

-- Grants: what is not here, nobody but the owner may do

GRANT CONNECT ON DATABASE <database> TO plexsphere_<installation>_gateway;
GRANT USAGE ON SCHEMA gateway TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.client TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.gone TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.issuer TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.node TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.retiring TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.ring TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.ring_change TO plexsphere_<installation>_gateway;
GRANT SELECT ON gateway.sent TO plexsphere_<installation>_gateway;
GRANT EXECUTE ON FUNCTION gateway.use_assertion(text,text,text,timestamp with time zone) TO plexsphere_<installation>_gateway;
GRANT CONNECT ON DATABASE <database> TO plexsphere_<installation>_outbox_relay;
GRANT USAGE ON SCHEMA outbox TO plexsphere_<installation>_outbox_relay;
GRANT USAGE ON SCHEMA ring TO plexsphere_<installation>_outbox_relay;
GRANT INSERT, SELECT, UPDATE ON outbox.bus_stream TO plexsphere_<installation>_outbox_relay;
GRANT DELETE, INSERT (event_id, scope, event_type, payload), SELECT, UPDATE (applied, superseded) ON outbox.event TO plexsphere_<installation>_outbox_relay;
GRANT DELETE, INSERT (marks), SELECT ON outbox.key_mark TO plexsphere_<installation>_outbox_relay;
GRANT DELETE, SELECT, UPDATE (applied) ON outbox.key_message TO plexsphere_<installation>_outbox_relay;
GRANT DELETE, INSERT (node_id, event_id, "position", scope), SELECT, UPDATE ("position", state, issued_at, outcome, sent_at, settled_at) ON outbox.message TO plexsphere_<installation>_outbox_relay;
GRANT SELECT, UPDATE (told_epoch, told_platform_epoch, chain, settled_epoch, settled_platform_epoch, settled_position, last_position, last_sequence, head, platform_head, forked_at, platform_forked_at, platform_forked_from, ahead_epoch, ahead_platform_epoch, resend_at, resend_count, hello, hello_id, hello_answered_at, ready_again_at, missed, word_at, called_at, stream_seen_at, waits_since, ready_epoch, ready_position, ready_at, told_since, claim_owner, claim_deadline, attempt, first_seen_at, last_seen_at, state) ON outbox.node_stream TO plexsphere_<installation>_outbox_relay;
GRANT SELECT (slug, side_a, side_b) ON ring.channel TO plexsphere_<installation>_outbox_relay;
GRANT SELECT ON ring.key_ring TO plexsphere_<installation>_outbox_relay;
GRANT SELECT (node_id, slug) ON ring.member TO plexsphere_<installation>_outbox_relay;
GRANT SELECT (id, scope, name, state) ON ring.node TO plexsphere_<installation>_outbox_relay;
GRANT SELECT ON ring.ring_change TO plexsphere_<installation>_outbox_relay;
GRANT SELECT ON ring.signing_key TO plexsphere_<installation>_outbox_relay;
GRANT CONNECT ON DATABASE <database> TO plexsphere_<installation>_rotation;
GRANT USAGE ON SCHEMA outbox TO plexsphere_<installation>_rotation;
GRANT USAGE ON SCHEMA ring TO plexsphere_<installation>_rotation;
GRANT INSERT (event_id, scope, event_type, payload, epoch, nodes), SELECT, UPDATE (nodes) ON outbox.event TO plexsphere_<installation>_rotation;
GRANT INSERT (marks) ON outbox.key_mark TO plexsphere_<installation>_rotation;
GRANT INSERT (event_id, node_id), SELECT ON outbox.key_message TO plexsphere_<installation>_rotation;
GRANT INSERT (node_id, event_id, scope), SELECT ON outbox.message TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (state) ON outbox.node_stream TO plexsphere_<installation>_rotation;
GRANT INSERT (actor, action, scope, request_id, before, after, detail), SELECT ON ring.audit TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (due_at, signed_at) ON ring.bus_revocation TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT ON ring.bus_user TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT ON ring.channel TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (secret_since) ON ring.client TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (expires_at) ON ring.client_secret TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (used_at, node_id, revoked_at) ON ring.enrol_token TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (state, ended_at, wave, wave_began_at, nudges, due_at, seq, ordered, rotated, failed, skipped, forgiven) ON ring.fleet_run TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (state, reason, offline_since, generation, deadline_at, changed_at, seq) ON ring.fleet_step TO plexsphere_<installation>_rotation;
GRANT SELECT, UPDATE (recovery_key_id, recovery_public_key, recovery_used_at, bus_account_jwt, bus_account_signed_at) ON ring.installation TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (is_default, longest_token_ms) ON ring.issuer TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (epoch, trust_epoch, removed_at, keys_destroyed_at) ON ring.key_ring TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (members, version, decided_at) ON ring.kind_policy TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT ON ring.later_statement TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE ON ring.lease TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (removed_at) ON ring.member TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (proven_at, epoch, proof) ON ring.member_key TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (count) ON ring.member_refusal TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE ON ring.member_report TO plexsphere_<installation>_rotation;
GRANT USAGE ON ring.mesh_host TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (bus_public_key, bearer_hash, wireguard_key, wireguard_key_since, wireguard_key_wanted_at, state, removed_at, tags, rotate_after, contested_at, revoked_reason) ON ring.node TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (state, token, token_iat, token_expires_at, tokens_until, former_token_hash, former_token_iat, former_until, retiring_until, confirmed_at) ON ring.node_key TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (revoked_at, last_used_at) ON ring.operator TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (own, of_kind, kind_version, scheduled_since) ON ring.policy TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE ON ring.prepared_key TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (percent, deadline, reason, asked_at, actor, request_id, outcome, ended_at, end_reason) ON ring.promotion TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (count) ON ring.refusal TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT ON ring.request TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (switched_at) ON ring.ring_change TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT, UPDATE (step, detail, failures, failed_at, retry_at) ON ring.rotator_failure TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT ON ring.schedule TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (state, state_since, verifies_until, published_at, longest_token_ms, tokens_until, foreign_signs_until, jwk_kid, destroyed_at) ON ring.signing_key TO plexsphere_<installation>_rotation;
GRANT INSERT, SELECT, UPDATE (closes_at, transition_expires, outcome, ended_at, ended_epoch, ended_by, end_request_id, activated_at) ON ring.transition TO plexsphere_<installation>_rotation;
GRANT DELETE, INSERT, SELECT ON ring.used_assertion TO plexsphere_<installation>_rotation;
GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO plexsphere_<installation>_rotation;
GRANT EXECUTE ON FUNCTION pg_try_advisory_xact_lock(bigint) TO plexsphere_<installation>_rotation;
GRANT EXECUTE ON FUNCTION pg_try_advisory_xact_lock_shared(bigint) TO plexsphere_<installation>_rotation;
GRANT EXECUTE ON FUNCTION ring.forget_revocations(interval) TO plexsphere_<installation>_rotation;
GRANT CONNECT ON DATABASE <database> TO plexsphere_<installation>_signer;
GRANT USAGE ON SCHEMA material TO plexsphere_<installation>_signer;
GRANT SELECT ON material.bus_key TO plexsphere_<installation>_signer;
GRANT SELECT ON material.token_horizon TO plexsphere_<installation>_signer;
GRANT INSERT, SELECT, UPDATE (nonce, ciphertext, prepared_at, destroyed_at) ON material.wrapped_key TO plexsphere_<installation>_signer;
GRANT EXECUTE ON FUNCTION material.destroy(text,text) TO plexsphere_<installation>_signer;
GRANT EXECUTE ON FUNCTION material.forget_ahead(text,text[],text,timestamp with time zone) TO plexsphere_<installation>_signer;
GRANT EXECUTE ON FUNCTION material.forget_prepared(text,text,timestamp with time zone) TO plexsphere_<installation>_signer;
GRANT EXECUTE ON FUNCTION material.raise_horizon(text,text,timestamp with time zone) TO plexsphere_<installation>_signer;
GRANT EXECUTE ON FUNCTION material.replace_left(text,text,text,text,text,bytea,bytea,boolean) TO plexsphere_<installation>_signer;
