// Every XML namespace Clarion speaks, with the document that defines it.
//
// One constant per namespace; nothing else in the program spells a namespace out. Constants with
// the suffix _feature are names announced in disco#info, not namespaces of elements.
#pragma once

#include <string_view>

namespace clarion::ns {

using View = std::string_view;

// --- XML and the core protocol ------------------------------------------------------------------
inline constexpr View xml = "http://www.w3.org/XML/1998/namespace";  // Namespaces in XML 1.0, 3
inline constexpr View xmlns = "http://www.w3.org/2000/xmlns/";       // Namespaces in XML 1.0, 3
inline constexpr View client = "jabber:client";                      // RFC 6120, 4.8.3
inline constexpr View server = "jabber:server";                      // RFC 6120, 4.8.3
inline constexpr View component = "jabber:component:accept";         // XEP-0114
inline constexpr View streams = "http://etherx.jabber.org/streams";  // RFC 6120, 4.8.1
inline constexpr View stream_errors = "urn:ietf:params:xml:ns:xmpp-streams";  // RFC 6120, 4.9.2
inline constexpr View stanza_errors = "urn:ietf:params:xml:ns:xmpp-stanzas";  // RFC 6120, 8.3.2
inline constexpr View tls = "urn:ietf:params:xml:ns:xmpp-tls";                // RFC 6120, 5
inline constexpr View sasl = "urn:ietf:params:xml:ns:xmpp-sasl";              // RFC 6120, 6
inline constexpr View bind = "urn:ietf:params:xml:ns:xmpp-bind";              // RFC 6120, 7
inline constexpr View session = "urn:ietf:params:xml:ns:xmpp-session";        // RFC 3921, 3
inline constexpr View framing = "urn:ietf:params:xml:ns:xmpp-framing";        // RFC 7395, 3.3
inline constexpr View roster = "jabber:iq:roster";                            // RFC 6121, 2
inline constexpr View rosterver = "urn:xmpp:features:rosterver";              // RFC 6121, 2.6.1
inline constexpr View preapproval = "urn:xmpp:features:pre-approval";         // RFC 6121, 3.4

// --- authentication and streams -----------------------------------------------------------------
inline constexpr View sasl2 = "urn:xmpp:sasl:2";                          // XEP-0388
inline constexpr View bind2 = "urn:xmpp:bind:0";                          // XEP-0386
inline constexpr View fast = "urn:xmpp:fast:0";                           // XEP-0484
inline constexpr View auth_legacy = "jabber:iq:auth";                     // XEP-0078
inline constexpr View sasl_cb = "urn:xmpp:sasl-cb:0";                     // XEP-0440
inline constexpr View sasl_upgrade = "urn:xmpp:sasl:upgrade:0";           // XEP-0480
inline constexpr View scram_upgrade = "urn:xmpp:scram-upgrade:0";         // XEP-0480
inline constexpr View sm = "urn:xmpp:sm:3";                               // XEP-0198
inline constexpr View csi = "urn:xmpp:csi:0";                             // XEP-0352
inline constexpr View stream_limits = "urn:xmpp:stream-limits:0";         // XEP-0478
inline constexpr View dialback = "jabber:server:dialback";                // XEP-0220
inline constexpr View dialback_feature = "urn:xmpp:features:dialback";    // XEP-0220, 2.2.1
inline constexpr View bidi = "urn:xmpp:bidi";                             // XEP-0288
inline constexpr View http_bind = "http://jabber.org/protocol/httpbind";  // XEP-0124
inline constexpr View xbosh = "urn:xmpp:xbosh";                           // XEP-0206

// --- bricks that others are built from ----------------------------------------------------------
inline constexpr View data_forms = "jabber:x:data";                                      // XEP-0004
inline constexpr View data_form_validate = "http://jabber.org/protocol/xdata-validate";  // XEP-0122
inline constexpr View disco_info = "http://jabber.org/protocol/disco#info";              // XEP-0030
inline constexpr View disco_items = "http://jabber.org/protocol/disco#items";            // XEP-0030
inline constexpr View server_info = "http://jabber.org/network/serverinfo";  // XEP-0157 (form)
inline constexpr View rsm = "http://jabber.org/protocol/rsm";                // XEP-0059
inline constexpr View delay = "urn:xmpp:delay";                              // XEP-0203
inline constexpr View delay_legacy = "jabber:x:delay";                       // XEP-0091
inline constexpr View forward = "urn:xmpp:forward:0";                        // XEP-0297
inline constexpr View hints = "urn:xmpp:hints";                              // XEP-0334
inline constexpr View stanza_id = "urn:xmpp:sid:0";                          // XEP-0359
inline constexpr View caps = "http://jabber.org/protocol/caps";              // XEP-0115
inline constexpr View hashes = "urn:xmpp:hashes:2";                          // XEP-0300
inline constexpr View address = "http://jabber.org/protocol/address";        // XEP-0033
inline constexpr View oob = "jabber:x:oob";                                  // XEP-0066
inline constexpr View commands = "http://jabber.org/protocol/commands";      // XEP-0050
inline constexpr View fallback = "urn:xmpp:fallback:0";                      // XEP-0428

// --- the account --------------------------------------------------------------------------------
inline constexpr View register_ = "jabber:iq:register";                             // XEP-0077
inline constexpr View register_feature = "http://jabber.org/features/iq-register";  // XEP-0077, 8
inline constexpr View ibr2 = "urn:xmpp:register:0";                                 // XEP-0389
inline constexpr View ibr_token = "urn:xmpp:ibr-token:0";                           // XEP-0445
inline constexpr View pars = "urn:xmpp:pars:0";                                     // XEP-0379
inline constexpr View invite = "urn:xmpp:invite";                                   // XEP-0401
inline constexpr View blocking = "urn:xmpp:blocking";                               // XEP-0191
inline constexpr View blocking_errors = "urn:xmpp:blocking:errors";                 // XEP-0191, 4
inline constexpr View reporting = "urn:xmpp:reporting:1";                           // XEP-0377
inline constexpr View private_ = "jabber:iq:private";                               // XEP-0049
inline constexpr View bookmarks_legacy = "storage:bookmarks";                       // XEP-0048
inline constexpr View bookmarks = "urn:xmpp:bookmarks:1";                           // XEP-0402
inline constexpr View bookmarks_compat_feature = "urn:xmpp:bookmarks:1#compat";     // XEP-0402, 4
inline constexpr View bookmarks_conversion_feature = "urn:xmpp:bookmarks-conversion:0";  // XEP-0411
inline constexpr View vcard = "vcard-temp";                                              // XEP-0054
inline constexpr View vcard_update = "vcard-temp:x:update";                              // XEP-0153
inline constexpr View vcard4 = "urn:ietf:params:xml:ns:vcard-4.0";                       // XEP-0292
inline constexpr View vcard4_pubsub = "urn:xmpp:vcard4";             // XEP-0292 (node)
inline constexpr View avatar_data = "urn:xmpp:avatar:data";          // XEP-0084
inline constexpr View avatar_metadata = "urn:xmpp:avatar:metadata";  // XEP-0084
inline constexpr View pep_vcard_conversion_feature = "urn:xmpp:pep-vcard-conversion:0";  // XEP-0398
inline constexpr View nick = "http://jabber.org/protocol/nick";                          // XEP-0172
inline constexpr View last_activity = "jabber:iq:last";                        // XEP-0012, XEP-0256
inline constexpr View version = "jabber:iq:version";                           // XEP-0092
inline constexpr View time = "urn:xmpp:time";                                  // XEP-0202
inline constexpr View ping = "urn:xmpp:ping";                                  // XEP-0199
inline constexpr View search = "jabber:iq:search";                             // XEP-0055
inline constexpr View bytestreams = "http://jabber.org/protocol/bytestreams";  // XEP-0065
inline constexpr View extdisco = "urn:xmpp:extdisco:2";                        // XEP-0215
inline constexpr View extdisco_1 = "urn:xmpp:extdisco:1";      // XEP-0215, before 0.7
inline constexpr View http_upload = "urn:xmpp:http:upload:0";  // XEP-0363
inline constexpr View http_upload_purpose = "urn:xmpp:http:upload:purpose:0";      // XEP-0363
inline constexpr View notification_settings = "urn:xmpp:notification-settings:1";  // XEP-0492
inline constexpr View admin = "http://jabber.org/protocol/admin";  // XEP-0133 (form, commands)

// --- messages -----------------------------------------------------------------------------------
inline constexpr View carbons = "urn:xmpp:carbons:2";                            // XEP-0280
inline constexpr View carbons_rules_feature = "urn:xmpp:carbons:rules:0";        // XEP-0280, 6.1
inline constexpr View mam = "urn:xmpp:mam:2";                                    // XEP-0313
inline constexpr View mam_extended = "urn:xmpp:mam:2#extended";                  // XEP-0313, 4.1.4
inline constexpr View mam_groupchat_feature = "urn:xmpp:mam:2#groupchat-field";  // XEP-0313, 7
inline constexpr View offline_feature = "msgoffline";                            // XEP-0160
inline constexpr View chat_states = "http://jabber.org/protocol/chatstates";     // XEP-0085
inline constexpr View events_legacy = "jabber:x:event";                          // XEP-0022
inline constexpr View receipts = "urn:xmpp:receipts";                            // XEP-0184
inline constexpr View real_time_text = "urn:xmpp:rtt:0";                         // XEP-0301
inline constexpr View chat_markers = "urn:xmpp:chat-markers:0";                  // XEP-0333
inline constexpr View displayed_sync = "urn:xmpp:mds:displayed:0";               // XEP-0490
inline constexpr View displayed_sync_assist = "urn:xmpp:mds:server-assist:0";    // XEP-0490
inline constexpr View message_correct = "urn:xmpp:message-correct:0";            // XEP-0308
inline constexpr View retract = "urn:xmpp:message-retract:1";                    // XEP-0424
inline constexpr View retract_tombstone = "urn:xmpp:message-retract:1#tombstone";  // XEP-0424
inline constexpr View moderate = "urn:xmpp:message-moderate:1";                    // XEP-0425
inline constexpr View moderate_0 = "urn:xmpp:message-moderate:0";                  // XEP-0425 0.2
inline constexpr View retract_0 = "urn:xmpp:message-retract:0";                    // XEP-0424 0.3
inline constexpr View reactions = "urn:xmpp:reactions:0";                          // XEP-0444
inline constexpr View reply = "urn:xmpp:reply:0";                                  // XEP-0461
inline constexpr View reference = "urn:xmpp:reference:0";                          // XEP-0372
inline constexpr View mentions = "urn:xmpp:mentions:0";                            // XEP-0513
inline constexpr View fasten = "urn:xmpp:fasten:0";                                // XEP-0422
inline constexpr View sims = "urn:xmpp:sims:1";                                    // XEP-0385
inline constexpr View jingle = "urn:xmpp:jingle:1";                                // XEP-0166
inline constexpr View jingle_message = "urn:xmpp:jingle-message:0";                // XEP-0353
inline constexpr View call_invites = "urn:xmpp:call-invites:0";                    // XEP-0482
inline constexpr View attention = "urn:xmpp:attention:0";                          // XEP-0224

// --- encryption as the server sees it -----------------------------------------------------------
inline constexpr View eme = "urn:xmpp:eme:0";                           // XEP-0380
inline constexpr View omemo_legacy = "eu.siacs.conversations.axolotl";  // XEP-0384, 0.3
inline constexpr View omemo_1 = "urn:xmpp:omemo:1";                     // XEP-0384, 0.4 to 0.7
inline constexpr View omemo_2 = "urn:xmpp:omemo:2";                     // XEP-0384
inline constexpr View openpgp = "urn:xmpp:openpgp:0";                   // XEP-0373
inline constexpr View openpgp_legacy = "jabber:x:encrypted";            // XEP-0027
inline constexpr View otr = "urn:xmpp:otr:0";                           // XEP-0364

// --- push ---------------------------------------------------------------------------------------
inline constexpr View push = "urn:xmpp:push:0";                       // XEP-0357
inline constexpr View push_summary = "urn:xmpp:push:summary";         // XEP-0357, 7.2
inline constexpr View tigase_push_encrypt = "tigase:push:encrypt:0";  // modules/push/tigase/names.h

// --- publish-subscribe --------------------------------------------------------------------------
inline constexpr View pubsub = "http://jabber.org/protocol/pubsub";                // XEP-0060
inline constexpr View pubsub_owner = "http://jabber.org/protocol/pubsub#owner";    // XEP-0060
inline constexpr View pubsub_event = "http://jabber.org/protocol/pubsub#event";    // XEP-0060
inline constexpr View pubsub_errors = "http://jabber.org/protocol/pubsub#errors";  // XEP-0060
inline constexpr View pubsub_publish_options =
    "http://jabber.org/protocol/pubsub#publish-options";  // XEP-0060, 7.1.5
inline constexpr View pubsub_node_config =
    "http://jabber.org/protocol/pubsub#node_config";  // XEP-0060, 16.4.4
inline constexpr View pubsub_meta_data =
    "http://jabber.org/protocol/pubsub#meta-data";  // XEP-0060, 16.4.3
inline constexpr View pubsub_subscribe_options =
    "http://jabber.org/protocol/pubsub#subscribe_options";  // XEP-0060, 16.4.2

// --- group chat ---------------------------------------------------------------------------------
inline constexpr View muc = "http://jabber.org/protocol/muc";              // XEP-0045
inline constexpr View muc_user = "http://jabber.org/protocol/muc#user";    // XEP-0045
inline constexpr View muc_admin = "http://jabber.org/protocol/muc#admin";  // XEP-0045
inline constexpr View muc_owner = "http://jabber.org/protocol/muc#owner";  // XEP-0045
inline constexpr View muc_roomconfig =
    "http://jabber.org/protocol/muc#roomconfig";                                 // XEP-0045 (form)
inline constexpr View muc_roominfo = "http://jabber.org/protocol/muc#roominfo";  // XEP-0045 (form)
inline constexpr View muc_request = "http://jabber.org/protocol/muc#request";    // XEP-0045 (form)
inline constexpr View muc_register = "http://jabber.org/protocol/muc#register";  // XEP-0045 (form)
inline constexpr View muc_stable_id_feature =
    "http://jabber.org/protocol/muc#stable_id";  // XEP-0045
inline constexpr View muc_self_ping_feature =
    "http://jabber.org/protocol/muc#self-ping-optimization";                // XEP-0410
inline constexpr View muc_conference = "jabber:x:conference";               // XEP-0249
inline constexpr View occupant_id = "urn:xmpp:occupant-id:0";               // XEP-0421
inline constexpr View hats = "urn:xmpp:hats:0";                             // XEP-0317
inline constexpr View channel_search = "urn:xmpp:channel-search:0:search";  // XEP-0433
inline constexpr View channel_search_params =
    "urn:xmpp:channel-search:0:search-params";                                   // XEP-0433 (form)
inline constexpr View channel_search_order = "urn:xmpp:channel-search:0:order";  // XEP-0433
inline constexpr View channel_search_error = "urn:xmpp:channel-search:0:error";  // XEP-0433
inline constexpr View muc_activity = "urn:xmpp:muc-activity";                    // XEP-0502

// --- components with more rights ----------------------------------------------------------------
inline constexpr View delegation = "urn:xmpp:delegation:2";  // XEP-0355
inline constexpr View privilege = "urn:xmpp:privilege:2";    // XEP-0356

}  // namespace clarion::ns
