"""The job queue's tables, as PgQueuer declares them, unlogged and quiet.

A job is only an alarm clock (design.md 4): its tables need no fsync, its trigger's
NOTIFY would take a lock on the cluster inside our commits, and its log repeats ours.
"""

from django.db import migrations
from pgqueuer.adapters.persistence import schema_ddl
from pgqueuer.domain.settings import DBSettings, Durability

QUEUE = DBSettings(durability=Durability.volatile)
QUIET = """
    DROP TRIGGER tg_pgqueuer_changed ON pgqueuer;
    DROP FUNCTION fn_pgqueuer_changed();
    CREATE FUNCTION holdpoint_keep_no_job_log() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER holdpoint_keep_no_job_log BEFORE INSERT ON pgqueuer_log
        FOR EACH ROW EXECUTE FUNCTION holdpoint_keep_no_job_log();
"""
GONE = """
    DROP TABLE pgqueuer, pgqueuer_log, pgqueuer_statistics, pgqueuer_schedules;
    DROP FUNCTION holdpoint_keep_no_job_log();
    DROP TYPE pgqueuer_status;
"""


class Migration(migrations.Migration):
    dependencies = [("workflows_app", "0001_initial")]
    operations = [
        migrations.RunSQL(schema_ddl.render_install(QUEUE) + QUIET, GONE),
    ]
