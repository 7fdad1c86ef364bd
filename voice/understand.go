package voice

import (
	"encoding/json"

	"github.com/gwsvoice/gws-go/internal/jsonscan"
)

// understand returns the parameters of op in the form that the rule for its name
// needs: those of [Client.Start] may be of any type, and are read out of the
// body that is sent. nil if the rule needs none.
func (c *Client) understand(op *Operation, body []byte) any {
	switch op.Params.(type) {
	case dialParams, destinationParams, completeParams, swapParams, participantParams, userDataParams, keyParams,
		dispositionParams, monitorParams, forwardParams:
		return op.Params
	}
	if op.rule != nil || op.Until != nil {
		return nil
	}
	switch op.Name {
	case OpDial:
		return read[dialParams](body)
	case OpSingleStepConference, OpInitiateTransfer, OpInitiateConference:
		return read[destinationParams](body)
	case OpSwapCalls:
		params := read[swapParams](body)
		return c.swapParams(op.CallID, lastOf(params.OtherCallURI))
	case OpCompleteTransfer, OpCompleteConference:
		params := read[completeParams](body)
		return c.completeParams(op.CallID, Complete{ConsultCallID: lastOf(params.ConsultCallURI)})
	case OpRemoveParticipantFromConference:
		return read[participantParams](body)
	case OpAttachUserData, OpUpdateUserData:
		params := read[userDataParams](body)
		plain, _ := jsonscan.Any(params.UserData)
		params.plain, _ = plain.(map[string]any)
		return params
	case OpDeleteUserDataPair:
		return read[keyParams](body)
	case OpSetCallDisposition:
		return read[dispositionParams](body)
	case OpListenIn, OpCoach, OpBargeIn:
		params := read[monitorParams](body)
		params.targetID = lastOf(params.TargetDeviceURI)
		return params
	case OpForwardCallsOn:
		return read[forwardParams](body)
	}
	return nil
}

// read decodes what it can: where something is missing, no message will show
// it, and the server has the last word.
func read[P any](body []byte) P {
	var params P
	_ = json.Unmarshal(body, &params)
	return params
}

func lastOf(uri string) string {
	if uri == "" {
		return ""
	}
	return string(lastSegment([]byte(uri)))
}
