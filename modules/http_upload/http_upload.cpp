#include "modules/http_upload/http_upload.h"

#include <utility>

#include "base/log.h"
#include "modules/http_upload/giving.h"
#include "modules/http_upload/receiving.h"
#include "modules/http_upload/records.h"
#include "modules/http_upload/service.h"
#include "modules/http_upload/sweep.h"
#include "modules/http_upload/uploads.h"
#include "proto/ns.h"
#include "server/core/events/server_events.h"
#include "server/runtime/scope.h"
#include "storage/storage.h"

namespace clarion::http_upload {

namespace {

using core::IqRequest;
using core::IqTarget;
using core::Relation;

constexpr Logger logger{"http-upload"};
constexpr std::size_t key_bytes = 32;

/// XEP-0363 wants TLS for both addresses of a slot, and browsers do.
void warn_of_clear_slots(const Uploads& self) {
    const core::Context& context = self.context();
    if (context.shard().index() != 0) return;
    for (const std::string& host : context.domains().hosts()) {
        const std::string domain = self.domain_for(host);
        if (!self.options(domain).is_external() && self.base_url(domain).starts_with("http://"))
            logger.warning("no-tls",
                           {{"host", host},
                            {"base_url", self.base_url(domain)},
                            {"next", "a listener of type https, or [http] external_url"}});
    }
}

void serve_slots(core::ModuleSetup& setup, Uploads& self) {
    for (const IqTarget target : {IqTarget::host, IqTarget::service}) {
        if (target == IqTarget::service && setup.services().empty()) continue;
        setup.serve_async(
            target, StanzaType::get, ns::http_upload, "request",
            [&self](IqRequest request) { return answer(self, std::move(request)); },
            Relation::stranger);
    }
    for (const std::string& domain : setup.services())
        setup.serve_domain(domain, setup.state<UploadService>(self, domain));
    setup.on<events::HostDescribing>(events::HostDescribing::Stage::describe,
                                     [&self](events::HostDescribing& event) {
                                         if (self.offers(event.host))
                                             describe(self.options(event.host), event.info);
                                     });
}

void serve_files(core::ModuleSetup& setup, Uploads& self) {
    setup.serve_http(
        {.path = std::string(path_prefix),
         .methods = {"GET", "PUT"},
         .cors = core::HttpCors::any_origin,
         .cors_fields = "Authorization, Content-Type",
         .handle = [&self](core::Context&,
                           core::HttpRequest request) { return give(self, std::move(request)); },
         .receive = [&self](
                        core::Context&,
                        core::HttpRequest request) { return receive(self, std::move(request)); }});
}

}  // namespace

void declare_options(OptionRegistry& registry) {
    registry.add<UploadOptions>();
    registry.add<ServiceOptions>();
}

/// A name that is no domain is reported when the configuration is checked.
std::vector<core::ServiceDomain> service_domains(const Config& config,
                                                 std::span<const std::string>) {
    std::vector<core::ServiceDomain> all;
    for (const auto& [name, options] : config.named<ServiceOptions>())
        if (auto domain = prepare_domain(name))
            all.push_back({.domain = std::move(*domain), .home = core::HomeBy::domain});
    return all;
}

Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value) {
    return check_record(kind, key, value);
}

void install(core::ModuleSetup& setup) {
    auto key = setup.context().storage().installation_secret("upload", key_bytes);
    if (!key) {
        logger.error("off", {{"error", key.error().text}});
        return;
    }
    Uploads& self = setup.state<Uploads>(setup, std::move(*key));
    setup.on<UploadsSought>(UploadsSought::Stage::find,
                            [&self](UploadsSought& event) { event.found = &self; });
    setup.on(events::AccountDeleted::Stage::drop, self, &Uploads::on_deleted);
    setup.on<events::ServerStarted>(events::ServerStarted::Stage::react,
                                    [&self](const events::ServerStarted& event) {
                                        warn_of_clear_slots(self);
                                        event.context.scope().spawn("upload-sweep", sweep(self));
                                    });
    serve_slots(setup, self);
    serve_files(setup, self);
}

}  // namespace clarion::http_upload
