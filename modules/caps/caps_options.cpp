#include "modules/caps/caps_options.h"

namespace clarion::caps {

void CapsOptions::declare(OptionTable<CapsOptions>& t) {
    t.section("caps", "What clients can do (XEP-0115).");
    t.add("max_size", &CapsOptions::max_size)
        .live()
        .min(1024)
        .max(262144)
        .unit("bytes")
        .doc("What a client may say of itself; of one that says more nothing is known.");
    t.add("max_memory", &CapsOptions::max_memory)
        .live()
        .min(65536)
        .unit("bytes")
        .doc(
            "Kept in memory by each shard, of all kinds of clients together. Should have room for "
            "all that are in use: about 2,000 bytes each.");
    t.add("max_stored", &CapsOptions::max_stored)
        .min(0)
        .max(1'000'000)
        .unit("kinds of clients")
        .doc("Kept on disk by each domain, so that they need not be asked again after a restart.");
    t.add("max_resources", &CapsOptions::max_resources)
        .live()
        .min(1)
        .unit("resources")
        .doc("Of one contact of an account, of which is known what they can do.");
    t.add("max_known", &CapsOptions::max_known)
        .live()
        .min(0)
        .unit("resources")
        .doc("The same, of all contacts of an account.");
    t.add("max_questions", &CapsOptions::max_questions)
        .live()
        .min(1)
        .unit("requests")
        .doc(
            "Questions to clients that wait for an answer, on each shard; to one domain a quarter "
            "of them.");
    t.add("question_time", &CapsOptions::question_time)
        .live()
        .min(std::chrono::seconds(1))
        .max(std::chrono::minutes(10))
        .doc("How long a client may take to answer.");
}

}  // namespace clarion::caps
