// A push scene with many: offline accounts on both shards, each with a registration at the service.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/modules/push_scene.h"

namespace clarion::push {

/// Several offline accounts on both shards, each with a registration.
struct Crowd : Scene {
    std::vector<std::string> here, there;  // on the shards 0 and 1

    explicit Crowd(int each, const std::string& config = {}) : Scene(config) {
        answers = false;
        for (int i = 0;
             static_cast<int>(here.size()) < each || static_cast<int>(there.size()) < each; ++i) {
            const std::string jid = "user" + std::to_string(i) + "@example.org";
            auto& names = world.home_of(jid).shard().index() == 0 ? here : there;
            if (static_cast<int>(names.size()) == each) continue;
            names.push_back(jid);
            world.add_account(jid);
            Client& client = world.log_in(jid + "/phone");
            enable(client, jid);
            client.close();
        }
    }
    ServiceView view(unsigned shard) {
        for (const auto& view : stats(world.core(shard)))
            if (view.service == service) return view;
        return {};
    }
    std::uint32_t errors(const std::string& jid) {
        const auto all = list(world.account(jid));
        return all.empty() ? 9999 : all[0].errors;
    }
    std::string nodes() {
        std::string all;
        while (gateway->pending() > 0) all += (all.empty() ? "" : " ") + pop().node;
        return all;
    }
    void evict() {
        for (unsigned i = 0; i < 2; ++i)
            world.core(i).shards().post(
                i, [core = &world.core(i)] { core->accounts().evict_idle(Duration::zero()); });
        world.settle();
    }
    bool loaded(const std::string& jid) {
        return world.home_of(jid).accounts().find(jid) != nullptr;
    }
};

}  // namespace clarion::push
