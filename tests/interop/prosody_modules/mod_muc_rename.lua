-- Lets a room give an occupant another nickname, as administrators of some services can: whoever says
-- "/rename OLD NEW" in the room. To the room it is as if the occupant had asked for it; to the
-- occupant's server it is a nickname that it never heard of.

local st = require "util.stanza";

module:hook("muc-occupant-groupchat", function (event)
	local old, new = (event.stanza:get_child_text("body") or ""):match("^/rename (%S+) (%S+)$");
	local occupant = old and event.room:get_occupant_by_nick(event.room.jid.."/"..old);
	if not occupant then return; end
	prosody.core_post_stanza(prosody.hosts[module.host],
		st.presence({ from = occupant.jid; to = event.room.jid.."/"..new }));
end);
