#include "storage/kv/engine.h"

namespace clarion::storage {

const char* table_name(Table table) {
    switch (table) {
        case Table::meta: return "meta";
        case Table::names: return "names";
        case Table::accounts: return "accounts";
        case Table::archive: return "archive";
        case Table::log: return "log";
        case Table::offline: return "offline";
        case Table::queues: return "queues";
        case Table::live: return "live";
        case Table::deadlines: return "deadlines";
        case Table::spool: return "spool";
        case Table::deleting: return "doomed";
        case Table::unreferenced: return "loose";
        case Table::pending_publishes: return "owed";
    }
    return "";
}

}  // namespace clarion::storage
