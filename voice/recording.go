package voice

import "context"

// StartCallRecording starts to record a call and returns the message that shows
// it in [RecordingActive]. It needs the StartCallRecording capability, which
// calls have only where recording is enabled. Reference: Voice API, Start Call
// Recording.
func (c *Client) StartCallRecording(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpStartCallRecording, CallID: callID})
}

// PauseCallRecording pauses the recording of a call and returns the message that
// shows it in [RecordingPaused]. It needs the PauseCallRecording capability.
// Reference: Voice API, Pause Call Recording.
func (c *Client) PauseCallRecording(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpPauseCallRecording, CallID: callID})
}

// ResumeCallRecording goes on with a paused recording and returns the message
// that shows it in [RecordingActive]. It needs the ResumeCallRecording
// capability. Reference: Voice API, Resume Call Recording.
func (c *Client) ResumeCallRecording(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpResumeCallRecording, CallID: callID})
}

// StopCallRecording ends the recording of a call and returns the message that
// shows it in [RecordingStopped]. A recording also ends with its call. It needs
// the StopCallRecording capability. Reference: Voice API, Stop Call Recording.
func (c *Client) StopCallRecording(ctx context.Context, callID string) (*CallStateChangeMessage, error) {
	return c.one(ctx, Operation{Name: OpStopCallRecording, CallID: callID})
}
