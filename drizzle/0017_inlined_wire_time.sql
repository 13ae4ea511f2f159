-- PostgreSQL inlines a function only if its body is as stable as the function claims, and to_char() is not
-- immutable. A page of links took three times as long.
ALTER FUNCTION wire_time(timestamptz) STABLE;
