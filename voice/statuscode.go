package voice

import "strconv"

// StatusCode is the number with which GWS answers a request. It decides, not
// the HTTP status.
//
// Reference: ReturnValues.
type StatusCode int

// The status codes of the reference. Servers of version 8.5.0 know the first
// seven, 8.5.1 the first eight.
const (
	CodeSuccess                StatusCode = 0
	CodeMissingParameter       StatusCode = 1
	CodeInvalidState           StatusCode = 2 // a parameter, or the operation, is not valid in the current state
	CodeForbidden              StatusCode = 3
	CodeInternalError          StatusCode = 4 // of GWS or of a server behind it
	CodeNoPermission           StatusCode = 5
	CodeNotFound               StatusCode = 6
	CodePartialSuccess         StatusCode = 7 // of an operation on several things
	CodePasswordChangeRequired StatusCode = 8
	CodeProcessingIncomplete   StatusCode = 9
	CodeOutOfRange             StatusCode = 10 // a value is outside its allowed range
	CodeReadOnly               StatusCode = 11 // an attempt to change a read-only property
	CodeRetrieveFailed         StatusCode = 12
	CodeCreateFailed           StatusCode = 13
	CodeDeleteFailed           StatusCode = 14
	CodeUpdateFailed           StatusCode = 15
	CodeAssignFailed           StatusCode = 16
	CodeUnassignFailed         StatusCode = 17
	CodeAlreadyExists          StatusCode = 18
	CodeInUse                  StatusCode = 19
	CodeNotAuthenticated       StatusCode = 20
)

var statusTexts = [...]string{
	CodeSuccess:                "success",
	CodeMissingParameter:       "required parameter missing",
	CodeInvalidState:           "not valid in the current state",
	CodeForbidden:              "operation forbidden",
	CodeInternalError:          "internal error",
	CodeNoPermission:           "no permission",
	CodeNotFound:               "resource not found",
	CodePartialSuccess:         "partial success",
	CodePasswordChangeRequired: "password change required",
	CodeProcessingIncomplete:   "processing incomplete",
	CodeOutOfRange:             "value out of range",
	CodeReadOnly:               "property is read-only",
	CodeRetrieveFailed:         "unable to retrieve the resource",
	CodeCreateFailed:           "unable to create the resource",
	CodeDeleteFailed:           "unable to delete the resource",
	CodeUpdateFailed:           "unable to update the resource",
	CodeAssignFailed:           "unable to assign the resource",
	CodeUnassignFailed:         "unable to unassign the resource",
	CodeAlreadyExists:          "resource already exists",
	CodeInUse:                  "resource in use",
	CodeNotAuthenticated:       "not authenticated",
}

// String returns what the code means, or "status 42" for a code that the
// reference does not list.
func (c StatusCode) String() string {
	if c >= 0 && int(c) < len(statusTexts) {
		return statusTexts[c]
	}
	return "status " + strconv.Itoa(int(c))
}
