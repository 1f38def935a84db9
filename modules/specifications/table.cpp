#include <array>

#include "modules/specifications/specifications.h"

namespace clarion::specifications {

namespace {

using enum Support;

/// What the server does with messages whose payload only clients understand.
constexpr std::string_view treated =
    "archived, copied to other clients, held from inactive ones and notified of, as it deserves";

// clang-format off
constexpr std::array specifications_{
    Specification{"0004", "Data Forms", "2.13.2", complete, "core"},
    Specification{"0012", "Last Activity", "2.0", complete, "last_activity"},
    Specification{"0016", "Privacy Lists", "", not_planned, "",
        "deprecated; what people use of it is XEP-0191, and two kinds of lists that decide about one stanza contradict each other"},
    Specification{"0030", "Service Discovery", "2.5.0", complete, "disco"},
    Specification{"0045", "Multi-User Chat", "1.35.5", partial, "push_offline_rooms",
        "no rooms of its own: they are a component's or another server's; members are notified of what is said while they are away"},
    Specification{"0049", "Private XML Storage", "1.2", complete, "private_xml"},
    Specification{"0050", "Ad-Hoc Commands", "1.3.0", complete, "commands"},
    Specification{"0054", "vcard-temp", "1.3.0", complete, "vcard"},
    Specification{"0059", "Result Set Management", "1.0", complete, "mam"},
    Specification{"0060", "Publish-Subscribe", "1.30.0", partial, "pubsub",
        "of accounts (XEP-0163); no service of its own, no subscription identifiers, of subscription options pubsub#deliver alone, no command for pending subscriptions (8.7: owners are asked by message, and list them). Not configurable, and refused: body_xslt, dataform_xslt, presence_based_delivery, purge_offline, tempsub, collections. While somebody is blocked, subscriptions rest. A node that one may not read is answered as if there were none. Not planned: leased subscriptions (12.18), which no client asks for"},
    Specification{"0068", "Field Standardization for Data Forms", "1.3.0", complete, "core"},
    Specification{"0077", "In-Band Registration", "2.4", partial, "registration",
        "no forms of a server's own (captchas), no redirection"},
    Specification{"0082", "XMPP Date and Time Profiles", "1.1.1", complete, "core"},
    Specification{"0084", "User Avatar", "1.1.4", complete, "vcard"},
    Specification{"0085", "Chat State Notifications", "2.1", recognised, "core", treated},
    Specification{"0092", "Software Version", "1.1", complete, "version"},
    Specification{"0114", "Jabber Component Protocol", "1.6", complete, "net"},
    Specification{"0115", "Entity Capabilities", "1.6.0", partial, "caps",
        "not in the features of streams with servers; what a known client says is sent on as it is (no optimization, 8.4)"},
    Specification{"0122", "Data Forms Validation", "1.0.2", partial, "mam",
        "in the form of archive queries only"},
    Specification{"0128", "Service Discovery Extensions", "1.0.1", complete, "contact"},
    Specification{"0133", "Service Administration", "1.3.1", partial, "administration",
        "the whitelist's node is edit-whitelist, as in the examples; lists shut out both ways; the last login time is when who is gone went"},
    Specification{"0153", "vCard-Based Avatars", "1.1.1", complete, "vcard"},
    Specification{"0157", "Contact Addresses for XMPP Services", "1.1.1", complete, "contact"},
    Specification{"0160", "Best Practices for Handling Offline Messages", "1.0.1", complete, "offline"},
    Specification{"0163", "Personal Eventing Protocol", "1.2.2", partial, "pubsub",
        "a contact elsewhere that comes while nobody is logged in gets last items only if its kind of client is known already"},
    Specification{"0178", "Best Practices for Use of SASL EXTERNAL with Certificates", "1.2", partial, "net",
        "between servers; clients have no certificates"},
    Specification{"0184", "Message Delivery Receipts", "1.4.0", recognised, "core", treated},
    Specification{"0185", "Dialback Key Generation and Validation", "1.0", complete, "net"},
    Specification{"0191", "Blocking Command", "1.3", complete, "blocking"},
    Specification{"0198", "Stream Management", "1.6.3", partial, "stream_management",
        "no inline negotiation (section 9), for there is no SASL2; docs/xep-0198.md goes through it sentence by sentence"},
    Specification{"0199", "XMPP Ping", "2.0.1", complete, "ping"},
    Specification{"0202", "Entity Time", "2.0", complete, "time"},
    Specification{"0203", "Delayed Delivery", "2.0", complete, "core"},
    Specification{"0215", "External Service Discovery", "1.0.0", partial, "external_services",
        "clients are not told when services change"},
    Specification{"0220", "Server Dialback", "1.1.1", complete, "net"},
    Specification{"0223", "Persistent Storage of Private Data via PubSub", "1.1.1", complete, "pubsub"},
    Specification{"0227", "Portable Import/Export Format for XMPP-IM Servers", "1.1", partial, "mam",
        "message archives, as export"},
    Specification{"0237", "Roster Versioning", "1.3", complete, "roster"},
    Specification{"0248", "PubSub Collection Nodes", "", not_planned, "",
        "no client uses collections, and each publish would have to be followed through them"},
    Specification{"0249", "Direct MUC Invitations", "1.2", recognised, "core", treated},
    Specification{"0280", "Message Carbons", "1.0.1", complete, "carbons"},
    Specification{"0283", "Moved", "", not_planned, "",
        "whoever gets hold of a password could take a user's contacts along"},
    Specification{"0292", "vCard4 Over XMPP", "0.12.0", complete, "vcard"},
    Specification{"0297", "Stanza Forwarding", "1.0", complete, "core"},
    Specification{"0308", "Last Message Correction", "1.2.1", recognised, "push", treated},
    Specification{"0313", "Message Archive Management", "1.1.3", complete, "mam"},
    Specification{"0333", "Displayed Markers", "1.0.0", recognised, "core", treated},
    Specification{"0334", "Message Processing Hints", "1.0.0", complete, "core"},
    Specification{"0352", "Client State Indication", "1.0.0", complete, "client_state"},
    Specification{"0353", "Jingle Message Initiation", "0.8.0", recognised, "push_jingle",
        "phones ring, and stop ringing when a call is answered elsewhere"},
    Specification{"0357", "Push Notifications", "0.4.1", complete, "push"},
    Specification{"0359", "Unique and Stable Stanza IDs", "0.7.0", complete, "mam"},
    Specification{"0368", "SRV records for XMPP over TLS", "1.1.0", complete, "net"},
    Specification{"0369", "Mediated Information eXchange (MIX)", "", not_planned, "",
        "the clients that people use speak XEP-0045"},
    Specification{"0377", "Blocking Command Reports", "0.4.1", complete, "blocking"},
    Specification{"0380", "Explicit Message Encryption", "0.4.0", recognised, "core", treated},
    Specification{"0384", "OMEMO Encryption", "0.9.1", recognised, "core", treated},
    Specification{"0397", "Instant Stream Resumption", "", not_planned, "",
        "deferred; no client has it, and XEP-0388 with XEP-0198 inline and XEP-0484 is the same in fewer words"},
    Specification{"0398", "User Avatar to vCard-Based Avatars Conversion", "1.0.0", complete, "vcard"},
    Specification{"0421", "Occupant identifiers for semi-anonymous MUCs", "1.0.1", recognised, "mam",
        "who retracts what was said in a room is known by it"},
    Specification{"0424", "Message Retraction", "0.4.2", complete, "mam"},
    Specification{"0428", "Fallback Indication", "0.2.1", recognised, "client_state", treated},
    Specification{"0440", "SASL Channel-Binding Type Capability", "1.0.0", complete, "net"},
    Specification{"0441", "Message Archive Management Preferences", "0.2.0", complete, "mam"},
    Specification{"0444", "Message Reactions", "0.2.1", recognised, "core", treated},
    Specification{"0453", "DOAP usage in XMPP", "0.1.2", complete, "docs/clarion.doap"},
    Specification{"0463", "MUC Affiliations Versioning", "", not_planned, "",
        "no client asks for it"},
    Specification{"0474", "SASL SCRAM Downgrade Protection", "0.5.0", complete, "core"},
    Specification{"0478", "Stream Limits Advertisement", "0.2.0", partial, "stream_limits",
        "said to clients and to servers that connect; what other servers say of theirs is not heeded"},
    Specification{"0479", "XMPP Compliance Suites 2023", "0.1.0", partial, "all",
        "Core Server and Core Advanced Server; of IM Server rooms and upload are missing, of IM Advanced Server also XEP-0402"},
    Specification{"0482", "Call Invites", "0.1.0", recognised, "core", treated},
    Specification{"0488", "MUC Token Invite", "", not_planned, "",
        "no client has it; members of a room are known by their addresses"},
    Specification{"0489", "Reporting Account Affiliations", "", not_planned, "",
        "tells strangers' servers what somebody is on their own, for nobody who acts on it"},
    Specification{"0490", "Message Displayed Synchronization", "1.0.1", complete, "displayed_sync"},
};
// clang-format on

}  // namespace

std::span<const Specification> table() { return specifications_; }

}  // namespace clarion::specifications
