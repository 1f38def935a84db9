#include "modules/version.h"

#include <sys/utsname.h>

#include <string>

#include "proto/ns.h"

namespace clarion::version {

namespace {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;

/// "Linux": the kind of system, not its release, which would say what it is vulnerable to.
std::string system_name() {
    utsname name{};
    return uname(&name) == 0 ? name.sysname : "unknown";
}

/// <name/> and <version/> are required in a result (XEP-0092, 2); a hidden version is an empty one.
IqAnswer answer(const core::Context& context, IqRequest& request) {
    const auto& options = context.options<VersionOptions>(request.host);
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::version);
    query.add_text_child("name", "Clarion");
    query.add_text_child("version", options.show_version ? CLARION_VERSION : "");
    if (options.show_os) query.add_text_child("os", system_name());
    return result;
}

}  // namespace

void VersionOptions::declare(OptionTable<VersionOptions>& t) {
    t.section("version", "What the server tells of itself (XEP-0092).").per_host().live();
    t.add("show_version", &VersionOptions::show_version)
        .doc("Tell anybody who asks which version of Clarion this is.");
    t.add("show_os", &VersionOptions::show_os).doc("Tell the kind of operating system, too.");
}

void declare_options(OptionRegistry& registry) { registry.add<VersionOptions>(); }

void install(core::ModuleSetup& setup) {
    setup.host_feature(ns::version);
    setup.serve(
        IqTarget::host, StanzaType::get, ns::version, "query",
        [&context = setup.context()](IqRequest& request) { return answer(context, request); });
}

}  // namespace clarion::version
