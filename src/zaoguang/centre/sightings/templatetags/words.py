"""Words that several pages say: reasons, orientations, outcomes and permissions, from codes."""

from django import template

register = template.Library()
