#include "modules/registration/invitations/links.h"

#include "server/core/http/http_target.h"

namespace clarion::registration::invitations {

std::string uri_of(const Invitation& invitation, std::string_view host, std::string_view token) {
    const bool contact = invitation.kind == Kind::contact;
    const std::string_view inviter = invitation.inviter;
    const std::string_view local =
        contact ? inviter.substr(0, inviter.find('@')) : std::string_view(invitation.account);
    std::string uri = "xmpp:";
    if (!local.empty()) uri += core::percent_encode(local) + "@";
    uri += host;
    uri += contact ? "?roster;preauth=" : "?register;preauth=";
    uri += token;
    if (contact && invitation.registers) uri += ";ibr=y";
    return uri;
}

std::string landing_url(std::string_view base, std::string_view host, std::string_view token) {
    if (base.empty()) return {};
    std::string url = std::string(base).append(landing_path).append(token);
    if (core::host_of_url(base) != host) url += "?host=" + core::percent_encode(host);
    return url;
}

}  // namespace clarion::registration::invitations
