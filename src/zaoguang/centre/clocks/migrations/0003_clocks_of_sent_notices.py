from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def give_clocks(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Give each notice that was sent before the clock it ran by: so many hours from its sending."""
    del editor
    clocks = apps.get_model("clocks", "CaseClock")
    sent = apps.get_model("notices", "Notice").objects.filter(state="sent", deadline_at__isnull=False)
    for notice in sent:
        begun, due = notice.sent_at, notice.deadline_at
        if begun is None or due is None:
            continue
        clocks.objects.create(
            case_id=notice.case_id, notice=notice, kind="notice", place="ZZ", unit="hours",
            amount=max(round((due - begun).total_seconds() / 3600), 1),
            begun_at=begun, due_at=due, changed_at=begun, state="running",
        )  # fmt: skip


class Migration(migrations.Migration):

    dependencies = [
        ('clocks', '0002_notice_clocks'),
    ]

    operations = [
        migrations.RunPython(give_clocks, migrations.RunPython.noop),
    ]
