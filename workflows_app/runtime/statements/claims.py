"""What an answer asks about claims, in its own transaction."""

from . import sql

LOCK_REQUEST = sql("""
    SELECT id, policy FROM {InputRequest}
    WHERE run_id = %(run)s AND request_id = %(request)s
    FOR NO KEY UPDATE
""")

# At most one has not ended; its lease may be over all the same.
UNENDED_CLAIM = sql("""
    SELECT owner.id, owner.username, claim.lease_until,
        claim.lease_until > statement_timestamp()
    FROM {Claim} claim JOIN {User} owner ON owner.id = claim.owner_id
    WHERE claim.request_id = %(request)s AND claim.ended_at IS NULL
""")
