-- Sends what is said in a room also to registered members who are not in it, at their bare JIDs, as
-- Tigase's rooms and Prosody's community module mod_muc_offline_delivery do; Debian's package of
-- those modules is older than it. Logs what comes back: rooms may strike such members off.

local st = require "util.stanza";

local field = "{http://tigase.org/protocol/muc}offline";

module:hook("muc-disco#info", function (event)
	event.reply:tag("feature", { var = "http://tigase.org/protocol/muc#offline" }):up();
end);

module:add_item("muc-registration-field", {
	name = field; type = "boolean"; label = "Hear what is said while absent";
});

module:hook("muc-registration-submitted", function (event)
	event.affiliation_data.hears_while_absent = event.submitted_data[field];
end);

module:hook("muc-add-history", function (event)
	local room = event.room;
	for member, _, data in room:each_affiliation() do
		local nick = data and data.reserved_nickname;
		if nick and data.hears_while_absent and not room:get_occupant_by_nick(room.jid.."/"..nick) then
			local copy = st.clone(event.stanza);
			copy.attr.to = member;
			module:send(copy);
			module:log("info", "told the absent %s", member);
		end
	end
end);

module:hook("message/full", function (event)
	if event.stanza.attr.type == "error" then
		module:log("info", "returned by %s: %s", event.stanza.attr.from, event.stanza);
	end
end, 1000);
