-- Sends Prosody's DNS questions to the name server of the test, on any port and without touching
-- /etc/resolv.conf: Prosody's own resolver knows only port 53 of the servers named there.
--
--   private_resolver = { address = "127.5.5.3", port = 5353 }

module:set_global();

local server = module:get_option("private_resolver");
local Resolver = getmetatable(require "net.dns".resolver());
Resolver.jitter = false; -- it waits up to a second before it asks, each time
local open_socket = Resolver.getsocket;

function Resolver:getsocket(number)
	local known = self.socket and self.socket[number];
	if known then return known; end
	self.server = { server.address };
	local sock = open_socket(self, 1);
	if sock then sock:setpeername(server.address, server.port); end
	return sock;
end
