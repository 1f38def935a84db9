# Clarion with real peers and clients: Prosody, ejabberd, dnsmasq, slixmpp, slixmpp-omemo, @xmpp/client, profanity,
# go-sendxmpp (tools/install_packages.sh --test).
# One ctest per test class; each starts servers of its own on loopback addresses of its own, so they
# may run side by side.
#   ctest -L interop          or, in tests/interop, one test alone (see README.md)
if(NOT TARGET clariond OR NOT TARGET clarionctl)
    return()
endif()
set(interop_environment CLARIOND=$<TARGET_FILE:clariond> CLARIONCTL=$<TARGET_FILE:clarionctl>
    PYTHONDONTWRITEBYTECODE=1)
if(CLARION_SANITIZE)
    list(APPEND interop_environment CLARION_PATIENCE=5)
endif()
foreach(class
        test_login.Login
        test_invitations.Invitations
        test_real_clients.RealClients
        test_unserved_requests.UnservedRequests
        test_federation.FederationByCertificates
        test_federation.FederationByDialback
        test_pep.PersonalEvents
        test_pep.EventsToProsody
        test_pep.EventsFromProsody
        test_omemo.OmemoClients
        test_main_job.PushOverCertificates
        test_main_job.PushOverDialback
        test_main_job.PushToOwnComponent
        test_push_gateways.AnswersOfOwnComponent
        test_push_gateways.AnswersOverProsody
        test_push_gateways.LosingARegistration
        test_push_outages.KilledGateway
        test_push_owed.OwedNotifications
        test_push_unreachable.UnreachableServices
        test_push_outages.SilentGateway
        test_push_outages.OutageBehindProsody
        test_push_outages.OutageBehindProsodyByDialback
        test_push_outages.OutageBehindEjabberd
        test_push_ejabberd.PushToEjabberdByCertificates
        test_push_ejabberd.PushToEjabberdByDialback
        test_rooms.RoomsSeeNoFlicker
        test_rooms.RoomsSeeTheEndOfSleep
        test_own_rooms.OwnRooms
        test_own_rooms_federated.StrangersInRooms
        test_own_rooms_federated.StrangersOfEjabberd
        test_own_rooms_federated.StrangersServerDies
        test_own_rooms_federated.ClarionRestarts
        test_own_rooms_clients.RoomClients
        test_bytestreams.Bytestreams
        test_uploads.UploadsToHost
        test_uploads.UploadsToService
        test_app_servers.Deciphers
        test_app_servers.PhoneDecodes
        test_app_servers.FakesAreStrict
        test_app_servers.Conversations
        test_app_servers.ConversationsUninstalled
        test_app_servers.Monal
        test_app_servers.Siskin
        test_push_rooms.RoomsWakePhones
        test_push_rooms.RoomsWakeSiskin
        test_push_rooms.AbsentMembers
        test_push_own_rooms.OwnRoomsWakePhones
        test_push_own_rooms.AbsentMembersOfOwnRooms)
    string(REGEX REPLACE "^test_[a-z_]+[.]" "interop_" name ${class})
    add_test(NAME ${name}
        COMMAND Python3::Interpreter -m unittest -v ${class}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/interop)
    set_tests_properties(${name} PROPERTIES
        TIMEOUT 300 LABELS interop ENVIRONMENT "${interop_environment}")
endforeach()

# Clients with windows: tools/desktop_test.sh, or with its packages there
#   ctest -C desktop -L desktop
foreach(class
        test_desktop_clients.DesktopClients
        test_desktop_dino.DinoWindows
        test_desktop_gajim.GajimWindows
        test_desktop_rooms.DesktopRooms
        test_desktop_uploads.DesktopUploads
        test_desktop_unserved.DesktopUnservedRequests)
    string(REGEX REPLACE "^test_([a-z_]+)[.].*" "\\1" name ${class})
    add_test(NAME ${name}
        COMMAND Python3::Interpreter -m unittest -v ${class}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/interop CONFIGURATIONS desktop)
    set_tests_properties(${name} PROPERTIES
        TIMEOUT 600 LABELS desktop ENVIRONMENT "${interop_environment}")
endforeach()
