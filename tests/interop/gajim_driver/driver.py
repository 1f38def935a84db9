"""A plug-in of Gajim's, driven by a test. On a socket below XDG_RUNTIME_DIR it takes one command for
each connection, a line of JSON, and answers with another. What a user would do with a window is done
with that window: it is opened, and what its buttons call is called.

Every command answers at once with what there is by then; a test that waits for something asks again."""
import json
import logging
import os
import traceback
from pathlib import Path

from gajim.common import app
from gajim.gtk.avatar_selector import AvatarSelector
from gajim.gtk.util import get_app_window, open_window
from gajim.plugins import GajimPlugin
from gi.repository import Gio, GLib
from nbxmpp.protocol import JID

ACCOUNT = "test"


def module(name):
    return app.get_client(ACCOUNT).get_module(name)


def contact_of(jid):
    return module("Contacts").get_contact(jid)


# --- the commands ---------------------------------------------------------------------------


def open_profile():
    open_window("ProfileWindow", account=ACCOUNT)


def shown_in_profile():
    """The page of the window that can be seen: a spinner until all is loaded."""
    return get_app_window("ProfileWindow", ACCOUNT)._ui.profile_stack.get_visible_child_name()


def change_profile(picture, nick):
    """Chooses a picture for everybody to see and a nickname, and saves."""
    window = get_app_window("ProfileWindow", ACCOUNT)
    window._ui.edit_button.clicked()
    window._avatar_selector = AvatarSelector()
    window._ui.avatar_selector_box.add(window._avatar_selector)
    window._avatar_selector.prepare_crop_area(picture)
    window._ui.profile_stack.set_visible_child_name("avatar_selector")
    window._ui.avatar_update_button.set_sensitive(True)
    window._ui.avatar_update_button.clicked()
    window._ui.nickname_entry.set_text(nick)
    window._ui.avatar_nick_access.set_active(True)
    window._ui.save_button.clicked()


def remove_avatar():
    window = get_app_window("ProfileWindow", ACCOUNT)
    window._ui.edit_button.clicked()
    window._ui.remove_avatar_button.clicked()
    window._ui.save_button.clicked()


def avatar_of(jid):
    return contact_of(jid).avatar_sha


def name_of(jid):
    return contact_of(jid).name


def join(room, nick):
    app.window.show_add_join_groupchat(ACCOUNT, room, nickname=nick)


def is_in(room):
    return module("Contacts").get_contact(room, groupchat=True).is_joined


def bookmark(room, **values):
    """Makes or changes one."""
    module("Bookmarks").add_or_modify(JID.from_string(room), **values)


def unbookmark(room):
    module("Bookmarks").remove(JID.from_string(room))


def bookmarks():
    return {str(one.jid): {"name": one.name, "nick": one.nick, "autojoin": one.autojoin}
            for one in module("Bookmarks").bookmarks}


def open_chat(jid):
    app.window.add_chat(ACCOUNT, JID.from_string(jid), "contact", select=True)


def encrypt(method):
    """In the chat that is open, by its menu."""
    app.window.get_action("set-encryption").change_state(GLib.Variant("s", method))


def write(text):
    """Types it into the open chat and sends it; answers whether that has let it go."""
    field = app.window.get_chat_stack().get_message_input()
    field.clear()
    field.insert_text(text)
    app.window.activate_action("send-message", None)
    return field.get_text() == ""


def largest_upload():
    """In bytes; None until it knows where to upload files."""
    upload = module("HTTPUpload")
    return upload.max_file_size if upload.available else None


def choose_file(path):
    """In the open chat, by its menu, to be uploaded. Answers whether that is offered."""
    if not app.window.get_action_enabled("send-file-httpupload"):
        return False
    app.window.activate_action("send-file-httpupload", GLib.Variant("as", [Path(path).as_uri()]))
    return True


def send_files():
    """Those that were chosen."""
    app.window.get_chat_stack()._chat_function_page._confirm_button.clicked()


def previews():
    """Of each file whose address a chat shows: its type, where it is, whether there is a picture of it, and
    what is said of it."""
    return {one.uri: {"type": one.mime_type, "file": str(one.orig_path),
                      "shown": one.thumb_exists, "message": one.info_message}
            for one in app.preview_manager._previews.values()}


def devices_of(jid):
    """Those that it can encrypt for."""
    backend = module("OMEMO").backend
    missing = backend.devices_without_sessions(jid)
    return [device for device in backend.get_devices(jid, without_self=True)
            if device not in missing]


COMMANDS = {function.__name__: function for function in (
    open_profile, shown_in_profile, change_profile, remove_avatar, avatar_of, name_of, join,
    is_in, bookmark, unbookmark, bookmarks, open_chat, encrypt, write, largest_upload,
    choose_file, send_files, previews, devices_of)}


class Driver(GajimPlugin):
    def init(self):
        self._service = None
        # GLib would believe the authorities of the machine alone.
        Gio.TlsBackend.get_default().set_default_database(
            Gio.TlsFileDatabase.new(os.environ["SSL_CERT_FILE"]))

    def activate(self):
        self._service = Gio.SocketService()
        path = os.path.join(os.environ["XDG_RUNTIME_DIR"], "driver")
        self._service.add_address(Gio.UnixSocketAddress.new(path), Gio.SocketType.STREAM,
                                  Gio.SocketProtocol.DEFAULT, None)
        self._service.connect("incoming", self._on_incoming)
        self._service.start()

    def deactivate(self):
        self._service.stop()

    def _on_incoming(self, _service, connection, _source):
        stream = Gio.DataInputStream.new(connection.get_input_stream())
        stream.read_line_async(GLib.PRIORITY_DEFAULT, None, self._on_line, connection)
        return True

    @staticmethod
    def _on_line(stream, result, connection):
        line, _ = stream.read_line_finish_utf8(result)
        try:
            command = json.loads(line)
            answer = {"answer": COMMANDS[command.pop("command")](**command)}
        except Exception:
            logging.getLogger("gajim.p.driver").exception("command")
            answer = {"error": traceback.format_exc()}
        connection.get_output_stream().write_all(json.dumps(answer).encode() + b"\n", None)
        connection.close(None)
