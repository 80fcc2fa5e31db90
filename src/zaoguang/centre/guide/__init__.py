"""The survivor's guide as pages that anybody may read, without a login, and print."""
