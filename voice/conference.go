package voice

import "context"

type participantParams struct {
	Participant string `json:"participant"`

	before int // how often it was to be there: see expectRemoval
}

// SingleStepConference adds a number to a call without asking there first, and
// returns the message that shows it among the participants, which may be before
// anybody has answered there. Where parties with that number are there already,
// it is the message that shows it once more than before. Where another number
// joins, since a queue has chosen an agent or a telephone is forwarded, no
// message tells that this is who was called: the outcome is an
// [*UnconfirmedError], whose Call shows the participants. It needs the
// SingleStepConference capability. Reference: Voice API, Single Step Conference.
func (c *Client) SingleStepConference(ctx context.Context, callID string, to Destination) (*CallStateChangeMessage, error) {
	params, err := to.params(OpSingleStepConference)
	if err != nil {
		return nil, err
	}
	return c.one(ctx, Operation{Name: OpSingleStepConference, CallID: callID, Params: params})
}

// InitiateConference puts a call on hold and calls the number that is to join
// it. It returns as [Client.InitiateTransfer] does. It needs the
// InitiateConference capability. Reference: Voice API, Initiate Conference.
func (c *Client) InitiateConference(ctx context.Context, callID string, to Destination) (*Consultation, error) {
	return c.consult(ctx, OpInitiateConference, callID, to)
}

// CompleteConference joins the consultation's party to the original call. callID
// is the original or its consultation. It returns when the consultation is in
// [StateReleased] and the original, whose id stays, is in [StateEstablished]
// with all parties, in whichever order the messages came. It needs the
// CompleteConference capability. Reference: Voice API, Complete Conference.
func (c *Client) CompleteConference(ctx context.Context, callID string, p Complete) (*Consultation, error) {
	return c.complete(ctx, OpCompleteConference, callID, p)
}

// RemoveParticipantFromConference removes a party, named as in
// [Participant.PhoneNumber], and returns the message that no longer shows it,
// or, where several parties have that number, shows it once less. Only the owner
// of the conference may, or a supervisor who monitors it. It needs the
// RemoveParticipantFromConference capability. Reference: Voice API, Remove
// Participant From Conference.
func (c *Client) RemoveParticipantFromConference(ctx context.Context, callID, phoneNumber string) (*CallStateChangeMessage, error) {
	const op = OpRemoveParticipantFromConference
	if err := checkNumber(op, "phoneNumber", phoneNumber); err != nil {
		return nil, err
	}
	return c.one(ctx, Operation{Name: op, CallID: callID, Params: participantParams{Participant: phoneNumber}})
}
