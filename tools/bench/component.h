// Component: the push gateway, attached to the server as an external component (XEP-0114).
// It answers every IQ with a result and tells of each publish. Owner: the push mode.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tools/bench/stanza_scanner.h"
#include "tools/bench/wire.h"

namespace clarion::bench {

class Component final : public WireOwner {
public:
    /// Called with the node of each publish.
    using PublishSink = std::function<void(std::string_view node)>;

    Component(Loop& loop, std::string domain, std::string secret, PublishSink sink);

    /// Attaches; serves the loop until that is done or failed.
    Result<void> attach(const Endpoint& endpoint);
    /// Why the server ended the stream; empty while it stands.
    const std::string& lost() const { return lost_; }

    void on_connected() override;
    void on_secured() override {}
    void on_bytes(std::string_view bytes) override;
    void on_lost(std::string_view reason) override { lost_ = reason; }

private:
    void on_element(std::string_view element);
    void on_iq(std::string_view iq);

    Loop& loop_;
    std::string domain_;
    std::string secret_;
    PublishSink sink_;
    Wire wire_;
    StanzaScanner scanner_;
    std::string lost_;
    bool attached_ = false;
};

}  // namespace clarion::bench
