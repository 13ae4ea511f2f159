CREATE TABLE "blocked_hosts" (
	"host" text PRIMARY KEY NOT NULL,
	"reason" text,
	"created_at" timestamp (0) with time zone DEFAULT date_trunc('second', now()) NOT NULL,
	"removed_at" timestamp (0) with time zone,
	"version" bigint NOT NULL
);
