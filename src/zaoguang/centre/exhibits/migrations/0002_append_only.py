"""What was recorded stays as it was recorded: the database refuses changes and deletions."""

from django.db import migrations

from zaoguang.centre.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("exhibits", "0001_initial")]
    operations = [append_only("exhibits_custodyrow"), append_only("exhibits_exhibit")]
