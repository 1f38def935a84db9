// Who may upload asks for a slot, at a host or at a service of its own domain, and what those say of
// themselves.
#pragma once

#include "modules/http_upload/uploads.h"
#include "proto/disco_info.h"
#include "server/core/actors/iq_table.h"
#include "server/core/delivery/service.h"
#include "server/core/events/host_events.h"

namespace clarion::http_upload {

/// `self` lasts as long as the shard.
Task<core::IqAnswer> answer(Uploads& self, core::IqRequest request);

/// What is discovered of uploads at that domain.
void describe(const UploadOptions& options, DiscoInfo& info);

/// A domain of its own, with nobody in it.
class UploadService final : public core::Service {
public:
    UploadService(Uploads& uploads, std::string domain)
        : Service(uploads.context(), "upload"), uploads_(uploads), domain_(std::move(domain)) {}

    void describe(xml::Element& query, core::Actor* actor) override;

private:
    Task<Result<std::unique_ptr<core::Actor>>> read(std::string) override {
        co_return std::unique_ptr<core::Actor>();
    }
    void on_message(core::Actor&, core::Envelope) override {}
    void on_presence(core::Actor&, core::Envelope) override {}

    Uploads& uploads_;
    std::string domain_;
};

}  // namespace clarion::http_upload
