package voice

// Participant is another party of a call. Older servers send no more than
// PhoneNumber.
type Participant struct {
	PhoneNumber          string   `json:"phoneNumber"`                    // as known to the switch
	Digits               string   `json:"digits,omitempty"`               // digits only
	FormattedPhoneNumber string   `json:"formattedPhoneNumber,omitempty"` // "(916) 555-0104", or the extension
	E164Number           string   `json:"e164Number,omitempty"`           // with +; "" for internal numbers
	LocalPhoneNumber     string   `json:"localPhoneNumber,omitempty"`     // national form; rarely sent
	Location             string   `json:"location,omitempty"`             // region as text, "California"
	Country              *Country `json:"country,omitempty"`              // nil if the number tells none
}

// Country is the country of a telephone number.
type Country struct {
	Name        string `json:"name"`        // "United States"
	Code        string `json:"code"`        // "US"
	CallingCode string `json:"callingCode"` // "1"
}
