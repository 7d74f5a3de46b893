"""Settings: flags > environment > config.toml > defaults, each value with its origin.

``types`` holds every setting, its meaning and its default, once. ``leaves`` reads those types;
``loading`` lays the four sources over each other; ``printing`` turns the types and values back
into text for ``smsmon config``. No key is ever in here: a profile tells where its key comes
from, and `smsmon.accounts` fetches it when a client is built.
"""

from smsmon.api.address import DEFAULT_BASE_URL
from smsmon.settings.display import Display
from smsmon.settings.loading import Loaded, SettingsError, load, load_settings
from smsmon.settings.secrets import KeySource
from smsmon.settings.types import History, Network, Polling, Profile, Settings

__all__ = [
    "DEFAULT_BASE_URL",
    "Display",
    "History",
    "KeySource",
    "Loaded",
    "Network",
    "Polling",
    "Profile",
    "Settings",
    "SettingsError",
    "load",
    "load_settings",
]
