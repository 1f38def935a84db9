"""`cmake --install` writes what docs/install.md says, and what it writes works together."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from test_administration import CLARIOND, free_port

BUILD = Path(CLARIOND).parents[1]
SOURCE = Path(__file__).resolve().parents[2]


class Install(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="clarion-install-")
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)

    def install(self, *options):
        done = subprocess.run(["cmake", "--install", BUILD, *options], capture_output=True, text=True,
                              env={**os.environ, "DESTDIR": str(self.root)})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_what_the_documentation_names_is_there(self):
        self.install()
        for path in ("usr/local/bin/clariond", "usr/local/bin/clarionctl", "etc/clarion/clarion.toml",
                     "usr/local/lib/systemd/system/clarion.service",
                     "usr/local/share/doc/clarion/clarion.reference.toml",
                     "usr/local/share/doc/clarion/docs/install.md"):
            self.assertTrue((self.root / path).is_file(), path)
        said = subprocess.run([self.root / "usr/local/bin/clariond", "--version"], capture_output=True,
                              text=True)
        self.assertEqual(said.returncode, 0, said.stderr)

    def test_the_unit_starts_what_was_installed_with_the_configuration_that_was(self):
        for prefix in ("/usr", "/usr/local"):
            self.install("--prefix", prefix)
            unit = (self.root / f"{prefix[1:]}/lib/systemd/system/clarion.service").read_text()
            program, config = re.search(r"^ExecStart=(\S+) --config (\S+)$", unit, re.M).groups()
            self.assertEqual(program, f"{prefix}/bin/clariond")
            self.assertTrue((self.root / program[1:]).is_file())
            self.assertTrue((self.root / config[1:]).is_file())
            self.assertRegex(unit, r"(?m)^User=clarion$")
            self.assertRegex(unit, r"(?m)^RuntimeDirectory=clarion$")  # /run/clarion: the admin socket
            self.assertRegex(unit, r"(?m)^StateDirectory=clarion$")  # /var/lib/clarion: the database

    def test_a_configuration_that_is_there_is_left_alone(self):
        config = self.root / "etc/clarion/clarion.toml"
        self.install()
        config.write_text("mine")
        self.assertIn("Kept", self.install())
        self.assertEqual(config.read_text(), "mine")

    def test_the_configuration_passes_the_check(self):
        self.install()
        config = self.root / "etc/clarion/clarion.toml"
        subprocess.run([SOURCE / "tools/dev_cert.sh", config.parent, "example.org"], check=True,
                       capture_output=True)
        text = config.read_text().replace("/etc/clarion/fullchain.pem", "cert.pem")
        text = text.replace("/etc/clarion/privkey.pem", "key.pem").replace('"::"', '"127.0.0.1"')
        for directory in ("/var/lib/clarion", "/run/clarion"):
            (self.root / directory[1:]).mkdir(parents=True)
            text = text.replace(directory, str(self.root / directory[1:]))
        text = re.sub(r"^port = \d+$", lambda _: f"port = {free_port()}", text, flags=re.M)
        config.write_text(text)
        said = subprocess.run([self.root / "usr/local/bin/clariond", "--config", config, "--check"],
                              capture_output=True, text=True)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)


if __name__ == "__main__":
    unittest.main()
