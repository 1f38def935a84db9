// Leads client streams through random elements and outcomes.
//
// Input: one byte for the host's policy and the stream's encryption, then one byte an action:
// headers, elements (those of the dictionary below, or bytes of the input as XML), and the outcome
// of whatever Step was asked for. Beside memory errors it looks for what must never happen:
// authenticated without a success having been said, or bound without authentication.

#include <cstdlib>

#include "base/text.h"
#include "proto/negotiation_c2s.h"
#include "proto/ns.h"

using namespace clarion;
using namespace clarion::c2s;

namespace {

struct FuzzServer final : Server {
    explicit FuzzServer(unsigned char flags) {
        rules.can_encrypt = (flags & 1) != 0;
        rules.require_encryption = (flags & 2) != 0;
        rules.allow_plain_without_encryption = (flags & 4) != 0;
        rules.max_failures = (flags & 8) != 0 ? 2 : 100;
        rules.iterations = 1;
        framed = (flags & 16) != 0 ? &websocket_framing() : &tcp_framing();
    }
    bool is_host(std::string_view domain) const override { return domain == "example.org"; }
    std::string_view usual_host() const override { return "example.org"; }
    Policy policy(std::string_view) const override { return rules; }
    const Framing& framing() const override { return *framed; }
    std::string_view decoy_secret() const override { return "decoy"; }
    std::string make_stream_id() const override { return "id"; }
    std::string make_nonce() const override { return "nonce"; }
    void add_features(const StreamFacts&, Offer, xml::Element&) const override {}

    Policy rules;
    const Framing* framed;
};

const sasl::Credentials& stored_credentials() {
    static const sasl::Credentials made{
        *sasl::derive_scram(sasl::Hash::sha1, "pencil", "0123456789abcdef", 1),
        *sasl::derive_scram(sasl::Hash::sha256, "pencil", "0123456789abcdef", 1),
    };
    return made;
}

/// What clients say, and what they should not.
std::string element_for(unsigned char which) {
    const std::string sasl = " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    const auto plain = [&sasl](std::string_view password) {
        const std::string bytes = std::string(1, '\0') + "juliet" + '\0' + std::string(password);
        return "<auth" + sasl + " mechanism='PLAIN'>" + base64_encode(bytes) + "</auth>";
    };
    switch (which % 14) {
        case 0: return "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        case 1: return plain("pencil");
        case 2: return plain("wrong");
        case 3: return "<auth" + sasl + " mechanism='PLAIN'/>";
        case 4: return "<auth" + sasl + " mechanism='X'/>";
        case 5: {
            const std::string first = base64_encode("n,,n=juliet,r=client");
            return "<auth" + sasl + " mechanism='SCRAM-SHA-1'>" + first + "</auth>";
        }
        case 6: return "<response" + sasl + ">=</response>";
        case 7: return "<response" + sasl + ">!</response>";
        case 8: return "<abort" + sasl + "/>";
        case 9:
            return "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                   "<resource>phone</resource></bind></iq>";
        case 10:
            return "<iq type='get' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
        case 11: return "<presence/>";
        case 12: return "<message to='romeo@example.org' id='1'><body>x</body></message>";
        default: return "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>";
    }
}

class Walk {
public:
    explicit Walk(unsigned char flags)
        : server_(flags), negotiation_((flags & 32) != 0 ? Encryption::direct : Encryption::none) {}

    void act(unsigned char action, std::string_view& rest) {
        switch (action % 8) {
            case 0: return open(action);
            case 1: return outcome(action);
            case 2: return read(xml::parse_element(rest.substr(0, action), ns::client));
            case 3: return outcome(action);
            default: return read(xml::parse_element(element_for(action / 8), ns::client));
        }
    }

private:
    void open(unsigned char action) {
        xml::StreamHeader header;
        header.to = action == 248 ? "elsewhere" : "example.org";
        header.version = "1.0";
        header.content_ns = ns::client;
        take([&](Output& out) { return negotiation_.on_open(server_, header, out); });
    }
    void read(const xml::Document& element) {
        if (element.empty()) return;
        take([&](Output& out) { return negotiation_.on_element(server_, element.root(), out); });
        if (!std::holds_alternative<Other>(step_)) return;
        take([&](Output& out) { return negotiation_.refuse(server_, element.root(), out); });
    }
    /// Of what was asked for; also when nothing was.
    void outcome(unsigned char action) {
        const bool well = (action & 16) != 0;
        if (std::holds_alternative<StartTls>(step_)) {
            step_ = Read{};
            return negotiation_.on_encrypted({"exported", "certificate", "finished"});
        }
        if (std::holds_alternative<FindCredentials>(step_))
            return take([&](Output& out) {
                if ((action & 32) != 0) return negotiation_.on_unreadable("storage");
                const auto stored = well ? std::optional(stored_credentials()) : std::nullopt;
                return negotiation_.on_checked(negotiation_.check(stored), (action & 64) != 0, out);
            });
        if (std::holds_alternative<BindResource>(step_) != ((action & 128) != 0))
            return take([&](Output& out) {
                return well ? negotiation_.on_bound(server_, "b",
                                                    Jid::trusted("juliet@example.org/phone"), out)
                            : negotiation_.on_bind_refused(
                                  server_, "b", {StanzaErrorCondition::resource_constraint}, out);
            });
        take([&](Output& out) {
            return negotiation_.on_paused(server_, sasl::Condition::not_authorized, out);
        });
    }
    template <class F>
    void take(F call) {
        const bool knew = negotiation_.authenticated();
        Output out;
        step_ = call(out);
        for (const std::string& message : out.messages) {
            if (message.starts_with("<success")) success_said_ = true;
            const bool bound = message.find("<jid>") != std::string::npos;
            if (bound && !knew) std::abort();
        }
        if (negotiation_.authenticated() && !success_said_) std::abort();
        if (std::holds_alternative<BindResource>(step_) && !knew) std::abort();
        if (std::holds_alternative<Restart>(step_) && !negotiation_.authenticated()) std::abort();
    }

    FuzzServer server_;
    Negotiation negotiation_;
    Step step_ = Read{};
    bool success_said_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    Walk walk(data[0]);
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    for (int actions = 0; !rest.empty() && actions < 200; ++actions) {
        const auto action = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        walk.act(action, rest);
    }
    return 0;
}
