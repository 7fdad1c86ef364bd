package cometd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// behaviours maps the numbers of the behaviours that are required of a Bayeux
// client to the tests that show them.
var behaviours = map[int][]string{
	// Handshake and session
	1:  {"TestHandshake_isTheFirstMessageAndAlone"},
	2:  {"TestHandshake_laterRequestsCarryTheLatestClientID"},
	3:  {"TestHandshake_fieldsOfTheApplicationAreMergedEachTime"},
	4:  {"TestHandshake_fieldsOfTheApplicationAreMergedEachTime"},
	5:  {"TestHandshake_replyWithoutAdviceLeadsToConnect"},
	6:  {"TestHandshake_refusedWithNoneEndsDialAtOnce"},
	7:  {"TestHandshake_refusedOtherwiseIsRetriedWithBackoff", "TestHandshake_intervalOfARefusalIsObeyed"},
	8:  {"TestHandshake_failingTransportIsRetried"},
	9:  {"TestState_transitions"}, // Dial is the only start
	10: {"TestHandshake_duplicateReplyIsIgnored"},
	11: {"TestHandshake_noCommonTransport"},
	12: {"TestHandshake_announcedEventsComeBeforeTheFirstConnect", "TestHandshake_announcedEventsAreNotWaitedForForEver", "TestWebSocket_announcedEventsAreAwaited"},
	13: {"TestHandshake_listenersHearOfItBeforeTheConnect"},
	14: {"TestRenewal_subscriptionsAndHeldMessagesInOneBodyBeforeTheConnect"},
	15: {"TestRequest_heldMessagesFailWithTheClient"},
	16: {"TestHandshake_messageWithoutChannelInTheResponse"},

	// Connect loop and advice
	17: {"TestConnect_firstAndFailedOnesAskForAnAnswerAtOnce"},
	18: {"TestConnect_firstAndFailedOnesAskForAnAnswerAtOnce", "TestNegotiation_anotherTransportThanTheHandshake"},
	19: {"TestConnect_neverTwoOutstanding", "TestRequest_unknownSessionIsVerifiedAtOnce"},
	20: {"TestConnect_nextFollowsTheInterval"},
	21: {"TestConnect_partialAdviceIsMerged"},
	22: {"TestConnect_replyWithoutAdviceKeepsTheOld"},
	23: {"TestAdvice_handshakeDoesNotOutliveTheSession"},
	24: {"TestConnect_noneEndsTheClient"},
	25: {"TestConnect_unknownReconnectMeansRetry"},
	26: {"TestConnect_retryAfterARefusalKeepsTheSession"},
	27: {"TestConnect_failuresAreRetriedWithCappedBackoff", "TestConnect_backoffIsJittered"},
	28: {"TestConnect_failuresAreRetriedWithCappedBackoff", "TestState_transitions"},
	29: {"TestConnect_handshakeAfterMaxInterval"},
	30: {"TestAdvice_repeatedHandshakeOrdersAreSlowedDown", "TestAdvice_stormOfHandshakesFromTheBeginning", "TestAdvice_briefSessionsAreSlowedDown", "TestState_renewalsAreSpacedMoreAndMore"},
	31: {"TestConnect_staleReplyChangesNothing"},
	32: {"TestConnect_multipleClientsSlowDownAndRecover"},
	33: {"TestAdvice_oddValues", "TestAdvice_notAnObject", "TestAdvice_negativeIntervalOfARefusalForbidsTheRetry", "FuzzAdvice"},
	34: {"TestAdvice_timeoutExtendsTheLimitOnly"},
	35: {"TestAdvice_ofATransport"},

	// Responses
	36: {"TestResponse_isProcessedBeforeTheNextConnect"},
	37: {"TestResponse_eventsBeforeAndAfterTheReply"},
	38: {"TestResponse_eventsTravelWithAnyReply"},
	39: {"TestResponse_eventWithTheIDOfAPendingRequest"},
	40: {"TestResponse_presenceOfDataMakesTheEvent", "TestResponse_publishReplyThatRepeatsTheData"},
	41: {"TestResponse_lenientForms"},
	42: {"TestResponse_lenientForms"},
	43: {"TestResponse_oddSubscriptionInTheReply", "TestResponse_repliesWithoutIDMatchBySubscription"},
	44: {"TestResponse_unknownFieldsAndLargeNumbersSurvive"},
	45: {"TestResponse_unicode"},
	46: {"TestResponse_orderIsKept"},

	// Failures of requests
	47: {"TestRequest_completesOnceWithWhatHappened", "TestRequest_completesOnceAtTheEndOfTheClient", "TestWebSocket_lossKeepsTheSession"},
	48: {"TestRequest_completesOnceWithWhatHappened"},
	49: {"TestRequest_completesOnceWithWhatHappened"},
	50: {"TestResponse_notTheMessagesOfARequest"},
	51: {"TestRequest_unknownSessionIsVerifiedAtOnce", "TestRequest_fayesMissingParameterIsNoUnknownSession"},
	52: {"TestRequest_connectWithoutAnswerIsAborted", "TestRequest_completesOnceWithWhatHappened"},
	54: {"TestRequest_responseAboveTheLimit", "TestRequest_bodyThatNeverEnds"},
	55: {"TestRequest_messageAboveTheSendLimit"},
	56: {"TestConnect_retryAfterIsTheLeastDelay"},
	57: {"TestHTTP_redirects"},
	58: {"TestRequest_thoseBehindAFailureFailInOrder"},

	// HTTP
	59: {"TestHTTP_requestForm"},
	60: {"TestHTTP_cookiesOfTheHandshakeGoWithAllRequests"},
	61: {"TestHTTP_cookiesExpireAndHavePaths"},
	62: {"TestHTTP_twoClientsShareTheJarButNotTheBrowser"},
	63: {"TestHTTP_twoClientsShareTheJarButNotTheBrowser"},
	64: {"TestHTTP_headersAreEvaluatedEachTime"},
	65: {"TestHTTP_cookiesOfFailuresAreKept"},
	66: {"TestHTTP_connectionsAreReused"},
	67: {"TestHTTP_atMostTwoRequestsAndTheOthersInOrder"},
	68: {"TestHTTP_atMostTwoRequestsAndTheOthersInOrder", "TestHTTP_manyMessagesAreSplitIntoBodies"},
	69: {"TestSubscribe_allOrNothing", "TestRenewal_subscriptionsAndHeldMessagesInOneBodyBeforeTheConnect"},
	70: {"TestHTTP_compressedAndChunkedResponses"},
	71: {"TestHTTP_pathSuffix"},

	// WebSocket
	72: {"TestWebSocket_carriesEverything", "TestWebSocket_subprotocol"},
	73: {"TestWebSocket_publishCompletesWhileAConnectIsHeld"},
	74: {"TestWebSocket_eventsAtAnyTime"},
	75: {"TestWebSocket_lossKeepsTheSession", "TestWebSocket_lossWithoutAConnectUnderWay"},
	76: {"TestWebSocket_serverThatWantsAHandshakePerSocket"},
	77: {"TestWebSocket_requestWithoutAnswerClosesTheSocket"},
	78: {"TestWebSocket_lateAndSupersededRepliesAreIgnored", "TestWebSocket_duplicatedConnectReplyMakesNoSecondLoop"},
	79: {"TestFallback_refusedUpgrade", "TestFallback_nothingLeft"},
	80: {"TestFallback_serverAwayIsNoReason"},
	81: {"TestFallback_openingThatHangs"},
	82: {"TestFallback_stickyUnlessSwitchedOff"},
	83: {"TestWebSocket_renewalsUseOneSocket", "TestWebSocket_expiredSessionOpensExactlyOneSocket"},
	84: {"TestWebSocket_messagesDoNotOpenASecondSocket"},
	85: {"TestWebSocket_framesThatAreNoMessages", "TestWebSocket_frameAboveTheLimit", "TestWebSocket_fragmentedFrames"},
	86: {"TestClose_tellsTheServerAndWaitsForTheConnect", "TestClose_connectThatIsNotReleased"},
	87: {"TestWebSocket_brokenFrameClosesTheSocket"},
	88: {"TestNegotiation_anotherTransportThanTheHandshake"},

	// Subscriptions and delivery
	89: {"TestSubscribe_onlyTheFirstAndTheLastAreSent"},
	90: {"TestSubscribe_laterOnesShareThePendingOutcome"},
	91: {"TestSubscribe_laterOnesShareThePendingOutcome", "TestRequest_completesOnceWithWhatHappened"},
	92: {"TestSubscribe_wildcards", "TestSubscribe_overlappingPatternsDeliverOnce", "TestSubscribe_mostSpecificPatternFirst", "FuzzPatterns"},
	93: {"TestSubscribe_localChannelsSendNothing"},
	94: {"TestSubscribe_trailingSlash", "TestPublish_badArguments"},
	95: {"TestSubscribe_eventsInTheResponseOfTheSubscribe"},
	96: {"TestSubscription_readerThatPanicsConcernsNobodyElse"},
	97: {"TestSubscription_readerMayUseTheClient"},
	98: {"TestSubscription_slowReaderDoesNotCostTheSession", "TestSubscription_heartbeatDoesNotWaitWhileThereIsRoom", "TestSubscription_ackWithholdsTheConnectFromAFullQueue"},

	// Re-handshake
	100: {"TestRenewal_subscriptionsAndHeldMessagesInOneBodyBeforeTheConnect"},
	102: {"TestRenewal_refusedSubscriptionIsReportedAndRemoved"},
	103: {"TestRenewal_gapComesAfterTheAnswersAndBeforeNewEvents", "TestRenewal_interruptionsAreReportedWhereEventsMayBeLost"},
	104: {"TestRenewal_pendingSubscriptionIsRestoredUnsubscribedIsNot", "TestRenewal_subscriptionsAndHeldMessagesInOneBodyBeforeTheConnect"},
	105: {"TestRenewal_afterARestartOfTheServer", "TestRenewal_expiryWhileTheNetworkIsDown"},

	// Disconnect, abort, restart
	106: {"TestClose_tellsTheServerAndWaitsForTheConnect", "TestClose_doesNotWaitForEver"},
	107: {"TestClose_whereverTheSessionIs", "TestSubscription_readerMayUseTheClient"},
	108: {"TestClose_whileOtherThingsFail"},
	109: {"TestClose_byTheServer", "TestClose_byAMessageOfTheServerAlone"},
	110: {"TestCloseNow_sendsNothing"},
	111: {"TestClose_anotherClientCanBeDialledAfterwards"},
	112: {"TestPublish_cancelledContext", "TestDial_cancelledContextDoesNotEndTheClient", "TestDial_hangingServer"},

	// Acknowledged messages
	113: {"TestAck_numbers", "TestAck_startingNumberOfTheHandshake", "TestAck_notConfirmedOrNotWanted"},
	114: {"TestAck_lostResponsesAreRepeated"},
	115: {"TestAck_numberOfAFailedOrStaleReplyIsNotTaken", "TestAck_brokenEventIsAskedForOnceMore", "TestAck_overtakenConnect"},
	116: {"TestAck_eventsAreDeliveredOnceAcrossSockets"},

	// Robustness
	121: {"TestConcurrency_everythingAtOnce"},
	122: {"TestLeaks_aThousandReconnects", "TestIdle_atMostTwoGoroutinesAndNoBusyTimer"},
	123: {"TestRandom_faultsAreOvercome", "TestState_onlyAllowedTransitions", "FuzzNext"},
	124: {"TestResponse_tenThousandEventsAndALargeOne"},
	125: {"TestConnect_nextFollowsTheInterval"}, // the clock of a bubble
}

// leftOut are the behaviours that this client does not have, and why.
var leftOut = map[int]string{
	53:  "no extension hooks: MaxNetworkDelay is the limit of a slow response",
	99:  "no remote calls: publish to /service/ and subscribe there",
	101: "subscriptions have no fields of their own",
	117: "no extension hooks",
	118: "no extension hooks",
	119: "no extension hooks",
	120: "no time synchronisation and no binary messages",
}

func TestBehaviours_areComplete(t *testing.T) {
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	tests := map[string]bool{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				tests[f.Name.Name] = true
			}
		}
	}
	for n := 1; n <= 125; n++ {
		names, mapped := behaviours[n]
		_, left := leftOut[n]
		assert.True(t, mapped != left, "behaviour %d is mapped to a test, or left out for a reason", n)
		assert.True(t, left || len(names) > 0, "behaviour %d", n)
		for _, name := range names {
			assert.True(t, tests[name], "behaviour %d: there is no %s", n, name)
		}
	}
	assert.Len(t, behaviours, 125-len(leftOut))
}
