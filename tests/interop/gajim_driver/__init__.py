# Gajim takes the first name here for the plug-in, so nothing else is imported.
from gajim_driver.driver import Driver
