package voice

// Service is a server behind GWS. The one of type Voice is the switch's.
//
// Reference: Services.
type Service struct {
	ID    string       `json:"id"`
	Name  string       `json:"name,omitempty"` // the primary server's, even while its backup runs
	Type  ServiceType  `json:"type,omitempty"`
	State ServiceState `json:"state,omitempty"`
	URI   string       `json:"uri,omitempty"`
	Path  string       `json:"path,omitempty"`
}

// ServiceType is what a service does. A type that this package does not know
// passes through.
type ServiceType string

// The types of services.
const (
	ServiceVoice             ServiceType = "Voice" // T-Server or SIP Server
	ServiceProvisioning      ServiceType = "Provisioning"
	ServiceMultiMediaState   ServiceType = "MultiMediaState"
	ServiceMultiMediaContent ServiceType = "MultiMediaContent"
	ServiceReporting         ServiceType = "Reporting"
	ServiceMedia             ServiceType = "Media"
)

// ServiceState is whether a service works.
type ServiceState string

// The states of a service.
const (
	ServiceActive   ServiceState = "Active"
	ServiceInactive ServiceState = "Inactive"
)
