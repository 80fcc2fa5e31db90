"""The Django site of the support centre: people log in, cases are worked, nothing leaves without a person's yes."""
