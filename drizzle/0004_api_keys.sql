CREATE TABLE "api_keys" (
	"public_id" text PRIMARY KEY NOT NULL,
	"secret_hash" "bytea" NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"scopes" text[],
	"user_id" bigint,
	"created_at" timestamp (0) with time zone DEFAULT date_trunc('second', now()) NOT NULL,
	"expires_at" timestamp (0) with time zone,
	"revoked_at" timestamp (0) with time zone,
	"last_used_at" timestamp (0) with time zone,
	"version" integer DEFAULT 1 NOT NULL
);
