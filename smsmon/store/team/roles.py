"""The rights of those who use a team's store, as SQL for psql: as few as each needs."""

from __future__ import annotations

_MAKE_ROLE = """\
SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS (
    SELECT FROM pg_roles WHERE rolname = {text}) \\gexec"""
_GRANTS = """\
-- Three users of the database of smsmon's store, with the rights that each needs.
-- Give it to psql, connected to that database as who may make roles (the superuser, say):
-- before `smsmon store init`, which the owner runs, and once more after it.
-- Passwords are set by you: \\password {owner} …

{roles}

-- Nobody else comes in.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO {owner}, {poller}, {viewer};
REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC;

-- The owner makes the tables, and changes them to newer versions.
GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner};

-- Consoles and watches write what is in the tables, and what no table is made for by themselves.
GRANT USAGE ON SCHEMA {schema} TO {poller}, {viewer};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {poller};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {poller};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {poller};

-- Viewers read; they note only that they are there.
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {viewer};

-- The same for the tables of newer versions.
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {poller};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT USAGE ON SEQUENCES TO {poller};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT EXECUTE ON FUNCTIONS TO {poller};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
    GRANT SELECT ON TABLES TO {viewer};

-- Which version it is, is the owner's affair alone.
SELECT 'REVOKE INSERT, UPDATE, DELETE ON {schema}.meta FROM {poller}'
    WHERE to_regclass('{schema}.meta') IS NOT NULL \\gexec
SELECT 'GRANT INSERT, UPDATE, DELETE ON {schema}.member TO {viewer}'
    WHERE to_regclass('{schema}.member') IS NOT NULL \\gexec
"""


def grants(owner: str, poller: str, viewer: str, schema: str = "public") -> str:
    """SQL for psql that makes these users where they are not there, and gives them their rights.

    It may be run again and again. Names are of letters, digits, _ and -.
    """
    names = {"owner": owner, "poller": poller, "viewer": viewer, "schema": schema}
    quoted = {each: f'"{name}"' for each, name in names.items()}
    made = (
        _MAKE_ROLE.format(name=f'"{name}"', text=f"'{name}'") for name in (owner, poller, viewer)
    )
    return _GRANTS.format(**quoted, roles="\n".join(made))
